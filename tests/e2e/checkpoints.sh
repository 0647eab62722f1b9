#!/usr/bin/env bash
# What a task's next attempt has of its earlier ones: the checkpoint of an agent that was killed, more memory after it ran out; how many
# tasks run at once; and a job that is forgotten.
#
#   checkpoints.sh BIN WORK
#
# BIN holds reeve and its programs; WORK is an empty folder. Ends with 77 where this machine has no sandbox.
set -euo pipefail

bin=$1
work=$2
here=$(cd "$(dirname "$0")" && pwd)
. "$here/stage.sh"

need_sandbox

# last FIELD: of the newest job, as JSON says it.
last() { reeve --output json job info last | python3 -c "import json,sys; print(json.load(sys.stdin)['job']['$1'])"; }
outputs() { find "$1" -name stdout -exec cat {} +; }

make_region checkpoints
for owner in ada bob; do
  add_owner $owner
  reeve agent join "@$work/$owner.rigs" --home "$work/rig-$owner" --name "$owner-rig" --slots 2 >/dev/null
done
start_rig() { start "$1" "$bin/reeve" agent run --home "$work/rig-$1"; }

# ---- a killed agent's task goes on elsewhere --------------------------------------------------------------------------------

cat >"$work/count" <<'SH'
#!/bin/bash
# Adds up the numbers below 60, a tenth of a second each, and keeps where it is.
state=$REEVE_CHECKPOINT_DIR/state
n=0 sum=0
[ ! -e "$state" ] || read -r n sum <"$state"
echo "from $n" >&2
for ((; n < 60; )); do
  sleep 0.1
  sum=$((sum + n))
  n=$((n + 1))
  if [ $((n % 10)) = 0 ]; then echo "$n $sum" >"$state.tmp"; mv "$state.tmp" "$state"; fi
done
echo "the sum is $sum"
SH
chmod +x "$work/count"
start_rig ada
reeve --output quiet submit --verify none --checkpoint 1M --input "$work/count" -- ./count >"$work/id" 2>/dev/null
has_checkpoint() { [ "$(last checkpoints)" -gt 0 ]; }
await 30 has_checkpoint
kill -9 "${pids[ada]}"
wait "${pids[ada]}" 2>/dev/null || true
start_rig bob
timeout 60 "$bin/reeve" job wait last >"$work/out" 2>&1 || fail "the task did not go on: $(cat "$work/out"; reeve job explain last)"
reeve job fetch last -o "$work/sum" >/dev/null
[ "$(outputs "$work/sum")" = "the sum is 1770" ] || fail "the sum: $(outputs "$work/sum")"
from=$(reeve job logs last 2>/dev/null | sed -n 's/.*from \([0-9]*\)$/\1/p' | sort -n | tail -n 1)
[ "${from:-0}" -gt 0 ] || fail "the task began anew: $(reeve job logs last 2>&1)"
[ "$(last checkpoints)" = 0 ] || fail "a job that is done keeps checkpoints"

# ---- one that is larger than it may be ends the task by name ----------------------------------------------------------------

# shellcheck disable=SC2016 # the task expands it
said=$(timeout 60 "$bin/reeve" submit --verify none --checkpoint 1M --max-retries 0 --wait -- \
  sh -c 'head -c 2000000 /dev/zero >$REEVE_CHECKPOINT_DIR/big; sleep 60' 2>&1) && fail "a checkpoint of 2 MB passed for one of 1 MiB"
case $said in *"its checkpoint has 20000"*"where the step allows 1048576"*) ;; *) fail "a large checkpoint is told as: $said" ;; esac

# ---- who runs out of memory has more next time --------------------------------------------------------------------------------

timeout 60 "$bin/reeve" submit --verify none --mem 64M --mem-max 512M --wait -o "$work/large" -- \
  python3 -c 'x = bytearray(150 << 20); print(len(x))' >"$work/out" 2>&1 || fail "more memory did not help: $(cat "$work/out"; reeve job info last)"
[ "$(outputs "$work/large")" = 157286400 ] || fail "with more memory: $(outputs "$work/large")"
said=$(timeout 60 "$bin/reeve" submit --verify none --mem 64M --max-retries 0 --wait -- \
  python3 -c 'x = bytearray(100 << 30)' 2>&1) && fail "a hundred GiB fit a slot"
said=$(reeve submit --mem-max 1G -- true 2>&1) && fail "--mem-max without --mem was taken"
case $said in *"--mem-max without --mem"*) ;; *) fail "--mem-max without --mem: $said" ;; esac

# ---- so many at once --------------------------------------------------------------------------------------------------------------

start_rig ada
reeve --output quiet submit --verify none --array 1-8%3 -- sleep 0.4 >"$work/id" 2>/dev/null
most=0
while [ "$(last state)" != succeeded ]; do
  running=$(last running)
  [ "$running" -le 3 ] || fail "$running tasks of an array %3 are with agents"
  [ "$running" -le "$most" ] || most=$running
done
[ "$most" = 3 ] || fail "of an array %3 no more than $most ran at once"
said=$(reeve submit --array 1-8%x -- true 2>&1) && fail "--array 1-8%x was taken"
case $said in *"'x' is no number of tasks"*) ;; *) fail "--array 1-8%x: $said" ;; esac

# ---- retry, and forget -----------------------------------------------------------------------------------------------------------

# shellcheck disable=SC2016 # the task expands it
timeout 60 "$bin/reeve" submit --verify none --max-retries 0 --array 0-3 --wait -- \
  sh -c 'test "$REEVE_ARRAY_TASK_ID" != 2' >"$work/out" 2>&1 && fail "a failed task passed"
before=$(last settled)
reeve job retry --failed last >/dev/null
reeve job wait last >"$work/out" 2>&1 && fail "the same task succeeded"
[ "$(last settled)" = "$before" ] || fail "retry ran more than what failed"

reeve --output quiet submit --verify none --output-file big -- sh -c 'echo said; head -c 9000 /dev/urandom >big; sleep 3' >"$work/id" 2>/dev/null
reeve job forget last >"$work/out" 2>&1 && fail "a job that runs was forgotten"
reeve job wait last >/dev/null
reeve job fetch last -o "$work/kept" >/dev/null
is_heard() { reeve job logs last 2>/dev/null | grep -q said; }
await 5 is_heard
reeve job forget last >/dev/null
said=$(reeve job fetch last -o "$work/gone" 2>&1) && fail "what was forgotten is there"
case $said in *"it was to be forgotten"*) ;; *) fail "what was forgotten: $said" ;; esac
reeve job logs last >"$work/out" 2>&1 && fail "the log of a forgotten job is there"
[ "$(last state)" = succeeded ] || fail "how it went is forgotten too"

reeve --region "$work/region" ledger verify | tail -n 1 | grep -q verified || fail "ledger verify"
echo "checkpoints: a task went on from $from of 60 after its agent's kill -9; ${most} of 8 tasks at once"
