#!/usr/bin/env bash
# Programs that bring their system along as an image: two owners' agents run them in it, and nothing of theirs is seen or kept.
#
#   images.sh BIN WORK
#
# BIN holds reeve and its programs; WORK is an empty folder. Ends with 77 where this machine has no sandbox, or no python3 to put into an image.
set -euo pipefail

bin=$1
work=$2
here=$(cd "$(dirname "$0")" && pwd)
. "$here/stage.sh"

need_sandbox
python=$(realpath /usr/bin/python3)
library=/usr/lib/$(basename "$python")
if [ ! -x "$python" ] || [ ! -d "$library/json" ]; then skip "no /usr/bin/python3 to put into an image"; fi

"$here/make_image.py" "$work/image.tar" oci "$python" "$library"/{encodings,collections,json,re,importlib} "$library"/*.py /bin/sh /bin/ls
"$here/make_image.py" "$work/docker.tar" docker /bin/sh /bin/cat
mkdir "$work/fetched"

make_region images
for owner in ada bert; do add_owner "$owner"; done
reeve agent join "@$work/ada.rigs" --home "$work/rig-plain" --name plain --slots 1 >/dev/null
mkdir "$work/old" && ln -s "$bin"/reeve "$bin"/reeve-* "$work/old/" && rm "$work/old/reeve-unpack-image"
cp --remove-destination "$bin/reeve-agent" "$bin/reeve-worker" "$work/old/"

# ---- before anything is uploaded: what is no image, and a region in which nobody runs one -------------------------------

refuses() {
  local words=$1
  shift
  local said
  said=$(reeve submit "$@" -- true 2>&1) && fail "submit $* was taken"
  case $said in *"$words"*) ;; *) fail "submit $* is told as: $said" ;; esac
}
gzip -k1 "$work/docker.tar"
refuses "is packed with gzip" --image "$work/docker.tar.gz"
refuses "is no tar archive" --image "$here/images.sh"
refuses "is a folder" --image "$work"

start plain "$work/old/reeve-agent" run --home "$work/rig-plain"
for _ in {1..100}; do get /api/v1/offers | grep -q cpus && break; sleep 0.1; done
reeve submit --image "$work/docker.tar" --verify none -- true >"$work/out" 2>&1
grep -q "no agent of the region meets it now: what runs images" "$work/out" || fail "an image that nobody runs is told as: $(cat "$work/out")"
reeve job cancel last --reason "nobody runs it" >/dev/null
stop plain

# ---- an array over two agents, checked by both: a script with the image's own Python --------------------------------------

add_rig ada-1 ada "$bin/reeve" agent run
add_rig bert-1 bert "$bin/reeve" agent run
cat >"$work/script.py" <<'PYTHON'
import json, os, sys
seen = [path for path in ("/home", "/root", "/usr/share", "/etc/ssl", "/usr/bin/bwrap", "/srv/hidden") if os.path.exists(path)]
refused = 0
for path in ("/srv/greeting", "/usr/new", "/etc/passwd", sys.executable):
    try:
        open(path, "a").close()
    except OSError:
        refused += 1
open("out.json", "w").write(json.dumps({
    "task": os.environ["REEVE_ARRAY_TASK_ID"], "greeting": open("/srv/greeting").read(), "seen": seen, "refused": refused,
    "from_image": os.environ["FROM_IMAGE"], "home": os.environ["HOME"], "own": os.environ["OWN"]}))
PYTHON
python_name=$(basename "$python")
reeve submit --image "$work/image.tar" --input "$work/script.py" --env OWN=mine --array 1-8 --output-file out.json --time-limit 60s \
  --wait -o "$work/fetched" -- "$python_name" script.py >"$work/out" 2>&1 || fail "the array did not succeed: $(cat "$work/out")"
for n in 1 2 3 4 5 6 7 8; do
  said=$(cat "$work/fetched/task_$n/out.json")
  [ "$said" = "{\"task\": \"$n\", \"greeting\": \"hello from the image\\n\", \"seen\": [], \"refused\": 4, \"from_image\": \"yes\", \"home\": \"/tmp\", \"own\": \"mine\"}" ] ||
    fail "task $n says: $said"
done

# Unpacked once by each agent, whatever slots and jobs there are, and the region holds the archive once.
digest=$(sha256sum <"$work/image.tar" | cut -d' ' -f1)
numbers() { stat -c %i "$work"/rig-{ada,bert}-1/images/"$digest"/image/rootfs/srv/greeting; }
first=$(numbers) || fail "an agent has not unpacked the image: $(ls "$work"/rig-*/images)"
began=$(date +%s%N)
reeve submit --image "$work/image.tar" --array 1-4 --wait --time-limit 60s -- "$python_name" -c 'print(open("/srv/greeting").read())' \
  >"$work/out" 2>&1 || fail "a second job in the image did not succeed: $(cat "$work/out")"
again_ms=$((($(date +%s%N) - began) / 1000000))
[ "$(numbers)" = "$first" ] || fail "the image was unpacked again"
for rig in ada-1 bert-1; do [ "$(ls "$work/rig-$rig/images")" = "$digest" ] || fail "$rig keeps $(ls "$work/rig-$rig/images")"; done

# What docker saves, without an env or a shell of the host's; a template too.
printf 'specificationVersion: jobtemplate-2023-09\nname: cat\nsteps:\n  - name: cat\n    script: {actions: {onRun: {command: cat, args: [/srv/greeting]}}}\n' \
  >"$work/cat.yaml"
reeve submit "$work/cat.yaml" --image "$work/docker.tar" --wait --time-limit 60s -o "$work/cat" >"$work/out" 2>&1 ||
  fail "a template in an image of docker save did not succeed: $(cat "$work/out")"
[ "$(cat "$work/cat/stdout")" = "hello from the image" ] || fail "the template's task says: $(cat "$work"/cat/*)"

# ---- a broken image is the task's failure, by name, and nothing of it is kept ---------------------------------------------

python3 - "$work/docker.tar" "$work/broken.tar" <<'PYTHON'
import sys
data = open(sys.argv[1], "rb").read()
open(sys.argv[2], "wb").write(data.replace(b"hello from the image", b"HELLO from the image"))
PYTHON
said=$(reeve submit --image "$work/broken.tar" --verify none --max-retries 0 --wait --time-limit 60s -- sh -c true 2>&1) &&
  fail "a broken image ran"
case $said in *"layer 2 unpacks to the digest"*) ;; *) fail "a broken image is told as: $said" ;; esac
broken=$(sha256sum <"$work/broken.tar" | cut -d' ' -f1)
[ -z "$(find "$work"/rig-*/images -maxdepth 1 -name "$broken*")" ] || fail "something of a broken image is left"

reeve --region "$work/region" ledger verify | tail -n 1 | grep -q verified || fail "ledger verify"
echo "images: an array in an image over two agents, unpacked once each, nothing of the host seen, a later job in ${again_ms} ms, broken ones named"
