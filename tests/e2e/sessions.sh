#!/usr/bin/env bash
# Sessions over several tasks, and both ways in which a task is cancelled, on real agents.
#
#   sessions.sh BIN WORK
#
# BIN holds reeve and its programs; WORK is an empty folder. Ends with 77 where this machine has no sandbox.
set -euo pipefail

bin=$1
work=$2
here=$(cd "$(dirname "$0")" && pwd)
. "$here/stage.sh"

need_sandbox

make_region sessions
add_owner ada
reeve agent join "@$work/ada.rigs" --home "$work/rig-single" --name single --slots 1 >/dev/null
start single "$bin/reeve" agent run --home "$work/rig-single"

runs() { pgrep -f "$1" >/dev/null; }
gone() { ! runs "$1"; }

# ---- six tasks of one step on one slot: environments entered once, left once; a task finds nothing of another ----------

reeve submit "$here/sessions.yaml" --verify none --wait --time-limit 60s -o "$work/fetched" >"$work/out" 2>&1 &
submitted=$!
await 20 runs reeve-left-the-job # it is the outer one: the inner one was left before, which it checks
wait $submitted || fail "the job with environments did not succeed: $(cat "$work/out")"
cat "$work"/fetched/*/stdout >"$work/said" 2>/dev/null || cat "$work"/fetched/*/*/stdout >"$work/said"
[ "$(wc -l <"$work/said")" = 6 ] || fail "not six results: $(find "$work/fetched" -type f)"
[ "$(cut -d' ' -f1 "$work/said" | sort -u | wc -l)" = 1 ] || fail "environments were entered for more than one session: $(cat "$work/said")"
[ "$(cut -d' ' -f2- "$work/said" | sort -u)" = "yes unset licence step" ] || fail "a task found something of another: $(cat "$work/said")"

# ---- a cancelled program is told, and has its time ----------------------------------------------------------------------

folder=$work/rig-single/scratch/slot-0/session/work
reeve --output quiet submit "$here/notified.yaml" --verify none >"$work/id" 2>/dev/null
await 20 test -e "$folder/begun"
began=$(now_ms)
reeve job cancel last --reason "seen enough" >/dev/null
await 5 grep -qs 'step [0-9]' "$folder/state"
told_ms=$(($(now_ms) - began))
grep -q '"NotifyEnd": "20' "$folder/state" || fail "the program was not told when its time ends: $(cat "$folder/state")"
await 10 test ! -e "$folder"
ended_ms=$(($(now_ms) - began))
[ $ended_ms -ge 900 ] || fail "the program had no time: $ended_ms ms"
[ $ended_ms -lt 8000 ] || fail "a program that had ended was waited for: $ended_ms ms"

# ---- TERMINATE: trees of daemons on two agents, gone within 2 s ---------------------------------------------------------

add_rig double ada "$bin/reeve" agent run
mark=reeve-tree-$$
# shellcheck disable=SC2016 # the task expands it
tree='trap "" TERM HUP INT; for i in 1 2 3; do (setsid bash -c "(setsid bash -c \"exec -a '$mark' sleep 100000\" &); exec -a '$mark' sleep 100000" &); done; exec -a '$mark' sleep 100000'
# more tasks than the first agent takes in hand after its short ones
reeve --output quiet submit --verify none --array 1-100 -- bash -c "$tree" >"$work/id" 2>/dev/null
many() { [ "$(pgrep -fc "^$mark")" -ge 21 ]; }
await 20 many
began=$(now_ms)
reeve job cancel last --reason "enough of it" >/dev/null
await 10 gone "^$mark"
gone_ms=$(($(now_ms) - began))
[ $gone_ms -lt 2000 ] || fail "a cancelled job's processes were gone after $gone_ms ms only"

# ---- and the slots take the next work -----------------------------------------------------------------------------------

timeout 30 "$bin/reeve" submit --verify none --array 1-3 --wait -- true >"$work/out" 2>&1 || fail "no slot works any more: $(cat "$work/out")"
echo "sessions: one session over six tasks; a program told after $told_ms ms and ended after $ended_ms ms; 21 processes of two agents gone after $gone_ms ms"
