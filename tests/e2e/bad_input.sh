#!/usr/bin/env bash
# Bad input of every kind costs its sender, is named with its remedy, and the region goes on.
#
#   bad_input.sh BIN WORK
#
# BIN holds reeve and its programs; WORK is an empty folder. Each case runs a command, checks its exit code and the words
# on its standard error, then asks /healthz and has the region finish a small job.
set -euo pipefail

bin=$1
work=$2
here=$(cd "$(dirname "$0")" && pwd)
cases=0
. "$here/stage.sh"

# refused CODE WORDS... -- COMMAND...: the command ends with CODE, and its standard error holds each of WORDS.
refused() {
  local code=$1 words=() ended=0
  shift
  while [ "$1" != -- ]; do
    words+=("$1")
    shift
  done
  shift
  timeout 30 "$@" >"$work/out" 2>"$work/err" || ended=$?
  [ "$ended" = "$code" ] || fail "exit code $ended instead of $code: $* said: $(cat "$work/err" "$work/out")"
  for word in "${words[@]}"; do
    grep -qF -- "$word" "$work/err" || fail "not a word of '$word' from: $* said: $(cat "$work/err")"
  done
  cases=$((cases + 1))
}

# The region answers and works, whatever it was told before.
goes_on() {
  get /healthz | head -n 1 | grep -q 200 || fail "/healthz does not answer after: $1"
  timeout 30 "$bin/reeve" --output quiet submit "$here/sha256_array.yaml" -p Count=20 --verify none --wait \
    >/dev/null 2>"$work/err" || fail "no job was done after: $1: $(cat "$work/err")"
}

# A stranger's command: a home that nobody has used, and the patience of a test.
stranger() { echo "$bin/reeve --timeout 2s --home $(mktemp -u "$work/stranger-XXXXXX")"; }
# setting NAME VALUE: changes a line of region.toml.
setting() { sed -i "s/^$1 = [0-9]*/$1 = $2/" "$work/region/region.toml"; }

make_region rude
operator region invite owner --credits 1 >"$work/owner.txt"
reeve --home "$work/owner" owner create "@$work/owner.txt" --name ada >/dev/null
reeve --home "$work/owner" --output quiet owner invite-agents --uses 1 >"$work/rigs.txt"
reeve agent join "@$work/rigs.txt" --home "$work/rig" --name rig --slots 2 >/dev/null
start agent "$bin/reeve" agent run --home "$work/rig"
goes_on "nothing yet"

# ---- messages -------------------------------------------------------------------------------------------------------

# Raw bytes, by peers that do not even speak ZeroMQ.
for target in "$port" $((port + 1)) $((port + 2)); do
  for rudeness in "head -c 0" "head -c 5" "head -c 100000" "head -c 5000000"; do
    $rudeness /dev/urandom 2>/dev/null >"/dev/tcp/127.0.0.1/$target" || true
  done
  printf '\377\000\000\000\000\000\000\000\001\177\003' >"/dev/tcp/127.0.0.1/$target" || true # half a greeting
done
goes_on "raw bytes on every port"
server_key=$(sed 's/.*#//' "$work/requester.txt")
"$bin/reeve-rude-peer" "127.0.0.1:$port" "$server_key" >"$work/out" 2>&1 || fail "a rude stranger: $(cat "$work/out")"
goes_on "a rude stranger"
"$bin/reeve-rude-peer" "127.0.0.1:$port" "$server_key" "$REEVE_HOME/transport.key" >"$work/out" 2>&1 ||
  fail "a rude requester: $(cat "$work/out")"
goes_on "a rude requester"
get /metrics | grep -q '^reeve_messages_refused_total [1-9]' || fail "/metrics counts no refused message"

# ---- invitations ----------------------------------------------------------------------------------------------------

invitation=$(operator region invite requester)
wrong_key=${invitation%#*}#$(printf '%064d' 7)
for join in "login" "owner create"; do
  # shellcheck disable=SC2046,SC2086 # words of a command
  refused 4 "another key than" "fresh invitation" -- $(stranger) $join "$wrong_key"
done
refused 4 "does not have the key" "new invitation" -- "$bin/reeve" agent join "$wrong_key" --home "$work/no-rig"
goes_on "a wrong server key"

id=${invitation#*"$port"/}
operator region revoke --token "${id%%.*}"
# shellcheck disable=SC2046
refused 4 "${id%%.*}" "not known here" "new invitation" -- $(stranger) login "$invitation"
goes_on "a revoked token"

# shellcheck disable=SC2046
refused 4 "is used up" "new invitation" -- $(stranger) login "@$work/requester.txt"
refused 4 "is used up" "new invitation" -- "$bin/reeve" agent join "@$work/rigs.txt" --home "$work/no-rig"
goes_on "a used-up token"

for garbled in "reeve://" "hello" "${invitation%#*}" "${invitation/:$port/}" "${invitation%????}" "${invitation/${id%%.*}./${id%%.*}-}"; do
  # shellcheck disable=SC2046
  refused 2 "the invitation" "ask for it again" -- $(stranger) login "$garbled"
  refused 2 "the invitation" "ask for it again" -- "$bin/reeve" agent join "$garbled" --home "$work/no-rig"
done
# shellcheck disable=SC2046
refused 4 "for the role owner" "reeve owner create" -- $(stranger) login "$(operator region invite owner)"
goes_on "garbled invitations"

# ---- jobs -----------------------------------------------------------------------------------------------------------

head -c 3000 /dev/urandom >"$work/noise.glb"
echo "buy milk" >"$work/notes.txt"
echo '{"asset": {"version": "1.0"}}' >"$work/old.gltf"
cp "$here/missing_texture.gltf" "$work/bare.gltf"
refused 2 "noise.glb" "no glTF file" "glTF 2.0" -- "$bin/reeve" render "$work/noise.glb"
refused 2 "notes.txt is no scene" "glTF 2.0" -- "$bin/reeve" render "$work/notes.txt"
refused 2 "old.gltf" "asset.version" "glTF 2.0" -- "$bin/reeve" render "$work/old.gltf"
refused 5 "nowhere.glb" "check the path" -- "$bin/reeve" render "$work/nowhere.glb"
refused 5 "wood.png is missing" "beside the scene" -- "$bin/reeve" render "$work/bare.gltf"
goes_on "scenes that are none"

printf 'specificationVersion: jobtemplate-2023-09\nname: j\ncolour: red\nsteps: []\n' >"$work/bad.yaml"
printf 'name: [\n' >"$work/broken.yaml"
head -c 100000 /dev/urandom >"$work/noise.yaml"
refused 2 "colour" "steps" "mend the template" -- "$bin/reeve" submit "$work/bad.yaml"
refused 2 "template" "mend the template" -- "$bin/reeve" submit "$work/broken.yaml"
refused 2 "template" "mend the template" -- "$bin/reeve" submit "$work/noise.yaml"
refused 2 "Count" "mend the template or the parameters" -- "$bin/reeve" submit "$here/sha256_array.yaml" -p Count=many
refused 5 "nowhere.yaml" "check the path" -- "$bin/reeve" submit "$work/nowhere.yaml"
goes_on "templates with errors"

jobs_before=$(reeve --output quiet job list | wc -l)
refused 1 "cannot write $work/notes.txt/out" "another folder" -- \
  "$bin/reeve" submit "$here/sha256_array.yaml" --wait -o "$work/notes.txt/out"
[ "$(reeve --output quiet job list | wc -l)" = "$jobs_before" ] || fail "a refused submission made a job"
goes_on "an output folder that cannot be written"

# ---- the region's own machine ---------------------------------------------------------------------------------------

refused 4 "in use by another reeve-scheduler" "stop that one" -- "$bin/reeve" region serve "$work/region"
reeve region init "$work/second" --listen "127.0.0.1:$port" >/dev/null
refused 4 "port $port on 127.0.0.1 is in use" "another port" -- "$bin/reeve" region serve "$work/second"
refused 5 "holds no region" "reeve region init" -- "$bin/reeve" region serve "$work/nowhere"
refused 4 "holds a region already" -- "$bin/reeve" region init "$work/region"
goes_on "a second region on the same port"

stop scheduler
for command in "job list" "ledger balance" "submit $here/sha256_array.yaml"; do
  # shellcheck disable=SC2086
  refused 3 "no region answers at 127.0.0.1:$port" "reeve region serve" -- "$bin/reeve" --timeout 1s $command
done
refused 3 "no region answers at 127.0.0.1:$port" "that the region runs" -- \
  "$bin/reeve" agent join "$invitation" --home "$work/no-rig"
sed -i 's/^disk_reserve_mib/disk_reserv/' "$work/region/region.toml"
refused 2 "disk_reserv: no such setting" "mend region.toml" -- "$bin/reeve" region serve "$work/region"
sed -i 's/^disk_reserv /disk_reserve_mib /' "$work/region/region.toml"

setting disk_reserve_mib 1073741824
serve
refused 4 "below its reserve of 1073741824 MiB" "disk_reserve_mib" -- "$bin/reeve" submit "$here/sha256_array.yaml"
get /healthz | head -n 1 | grep -q 200 || fail "/healthz does not answer below the reserve"
stop scheduler
setting disk_reserve_mib 16
serve
goes_on "a disk below its reserve"

reeve --region "$work/region" ledger verify | tail -n 1 | grep -q verified || fail "ledger verify"
stop agent
stop scheduler
reeve ledger audit "$work/region" | grep -q "ledger: verified" || fail "ledger audit"
echo "bad_input: $cases commands were refused as they should, and the region went on"
