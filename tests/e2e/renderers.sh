#!/usr/bin/env bash
# Blender and POV-Ray scenes rendered by the agents of three owners, one of whom returns darker pictures: frames agree by their pixels, the
# darker ones are outvoted and unpaid; parts of a frame join to the whole; what nobody has is said before anything is sent.
#
#   renderers.sh BIN WORK
#
# BIN holds reeve and its programs; WORK is an empty folder. Ends with 77 where this machine has no sandbox, Blender or POV-Ray.
set -euo pipefail

bin=$1
work=$2
here=$(cd "$(dirname "$0")" && pwd)
. "$here/stage.sh"

need_sandbox
for program in blender povray ffmpeg; do command -v $program >/dev/null || skip "no $program (scripts/install-deps test)"; done
examples=/usr/share/doc/povray/examples
[ -d "$examples" ] || skip "no povray-examples (scripts/install-deps test)"

json() { reeve --output json "$@"; }
# value JSON PYTHON-EXPRESSION of the document d
# pixels FILE: a digest of its samples, its metadata aside
pixels() { ffmpeg -v error -i "$1" -pix_fmt rgba64be -f rawvideo - | sha256sum; }
frames_of() { ffprobe -v error -count_frames -show_entries stream=nb_read_frames -of csv=p=0 "$1"; }
same_pixels() { [ "$(pixels "$1")" = "$(pixels "$2")" ]; }

make_region renderers
for owner in ada bert mallory; do add_owner "$owner"; done

# ---- what no agent has is said, and before the scene is sent ------------------------------------------------------------

"$here/../../scripts/make-blend-scene" "$work/scene" >/dev/null
reeve render "$work/scene/windmill.blend" --verify none >"$work/out" 2>&1 || fail "a job without an agent was refused: $(cat "$work/out")"
head -n 1 "$work/out" | grep -q "step 'frames' waits: no agent" || fail "a region without agents is told as: $(cat "$work/out")"
reeve job cancel last >/dev/null

operator region invite referee >"$work/referee.txt"
reeve agent join "@$work/referee.txt" --home "$work/rig-referee" --name referee --slots 1 >/dev/null
start referee "$bin/reeve" agent run --home "$work/rig-referee"
add_rig ada-1 ada "$bin/reeve" agent run
add_rig bert-1 bert "$bin/reeve" agent run
add_rig mallory-1 mallory "$bin/reeve-cheating-agent"
for rig in ada-1 bert-1 mallory-1 referee; do
  for _ in {1..100}; do grep -q "connected to region" "$work/logs/$rig.log" && break; sleep 0.1; done
done

said=$(reeve render "$work/scene/windmill.blend" --device gpu 2>&1)
case $said in *"no agent of the region meets it now: "*"the tag 'cycles-gpu'"*) ;; *) fail "a missing GPU is told as: $said" ;; esac
reeve job cancel last >/dev/null

# ---- 24 frames with Blender, three of them first -----------------------------------------------------------------------

# checked FOLDER: every frame of the last job is there, honest copies agreed, and mallory was found out and paid for none of hers
checked() {
  for frame in $(seq -w 1 24); do [ -s "$1/frame_00$frame.png" ] || fail "frame $frame is not there: $(ls "$1")"; done
  json job tasks last | python3 -c '
import collections, json, sys
seen = collections.Counter((a["owner_name"], a["verdict"]) for t in json.load(sys.stdin)["tasks"] for a in t["attempts"])
assert seen["mallory", "agreed"] == 0, f"mallory was paid for a darker frame: {seen}"
assert seen["mallory", "rejected"] > 0, f"mallory was not outvoted once: {seen}"
assert seen["ada", "rejected"] + seen["bert", "rejected"] == 0, f"an honest owner was outvoted: {seen}"' || fail "(above)"
}

began=$(now_ms)
timeout 120 "$bin/reeve" render "$work/scene/windmill.blend" --frames 1-24 --size 96x54 --samples 4 --chunk 12 --wait -o "$work/blend" --video \
  >"$work/out" 2>&1 || fail "the windmill was not rendered: $(cat "$work/out"; reeve job info last)"
blend_ms=$(($(now_ms) - began))
checked "$work/blend"
cmp -s "$work/blend/frame_0001.png" "$work/blend/frame_0002.png" && fail "nothing moves"
[ "$(frames_of "$work/blend/video.mp4")" = 24 ] || fail "the film has not 24 frames: $(cat "$work/out")"
info=$(json job info last)
[ "$(value "$info" '[s["name"] for s in d["job"]["steps"]], d["job"]["comparisons"]["same"] > 0')" = "(['preview', 'frames'], True)" ] ||
  fail "the preview is no step of its own, or files were equal to the byte so that pixels were not compared: $info"

# ---- POV-Ray likewise -----------------------------------------------------------------------------------------------------

began=$(now_ms)
timeout 120 "$bin/reeve" render "$examples/animations/clockd/clockd.pov" --frames 1-24 --size 96x72 --chunk 8 --no-preview --wait -o "$work/pov" \
  >"$work/out" 2>&1 || fail "the clock was not rendered: $(cat "$work/out"; reeve job info last)"
pov_ms=$(($(now_ms) - began))
checked "$work/pov"
# ---- parts of one frame join to the frame; unchecked, so without the cheat ------------------------------------------------

stop mallory-1
whole=("$work/scene/windmill.blend" --frames 7 --size 101x57 --samples 4 --verify none --wait)
timeout 60 "$bin/reeve" render "${whole[@]}" -o "$work/whole" >"$work/out" 2>&1 || fail "one frame was not rendered: $(cat "$work/out")"
timeout 60 "$bin/reeve" render "${whole[@]}" --tiles 3x2 -o "$work/parts" >"$work/out" 2>&1 || fail "parts were not rendered: $(cat "$work/out")"
same_pixels "$work/whole/frame_0007.png" "$work/parts/frame_0007.png" || fail "joined parts differ from the whole frame"
[ "$(find "$work/parts" -name '*crop*' | wc -l)" = 0 ] || fail "parts are left: $(ls "$work/parts")"
whole=("$examples/animations/clockd/clockd.pov" --frames 7 --clock-frames 1-24 --size 96x72 --verify none --wait)
timeout 60 "$bin/reeve" render "${whole[@]}" --tiles 2x3 -o "$work/pov-parts" >"$work/out" 2>&1 || fail "parts were not rendered: $(cat "$work/out")"
same_pixels "$work/pov/frame_0007.png" "$work/pov-parts/frame_0007.png" || fail "POV-Ray's joined parts differ from the whole frame"

# ---- a film where the requester has no ffmpeg: an agent's makes it -------------------------------------------------------

whole=("$examples/animations/clockd/clockd.pov" --frames 1-3 --size 97x71 --verify none --wait -o "$work/film" --video --fps 12.5)
timeout 60 env PATH=/nowhere "$bin/reeve" render "${whole[@]}" >"$work/out" 2>&1 || fail "frames of a film were not rendered: $(cat "$work/out")"
[ "$(frames_of "$work/film/video.mp4")" = 3 ] || fail "an agent's film has not 3 frames: $(cat "$work/out"; reeve job logs last)"
[ "$(value "$(json job info last)" 'd["job"]["name"]')" = "clockd, film" ] || fail "the film is no job of its own: $(json job info last)"

# ---- what a scene names and is not there is named, here and by the agent -------------------------------------------------

rm "$work/scene/textures/meadow.png"
said=$(reeve render "$work/scene/windmill.blend" 2>&1) && fail "a scene without one of its textures was sent"
case $said in *"names files that are not there"*meadow.png*) ;; *) fail "a missing texture is told as: $said" ;; esac
said=$(timeout 60 "$bin/reeve" render "$work/scene/windmill.blend" --project "$work/scene" --verify none --max-retries 1 --wait 2>&1) && fail "a pink frame is a success"
case $said in *"needs files that are not here"*meadow.png*) ;; *) fail "a texture that the agent misses is told as: $said" ;; esac

reeve --region "$work/region" ledger verify | tail -n 1 | grep -q verified || fail "ledger verify"
echo "renderers: 24 frames with Blender in $blend_ms ms and with POV-Ray in $pov_ms ms by three owners, darker ones outvoted and unpaid;" \
  "parts joined to the whole frame, a film here and by an agent, missing programs and textures named"
