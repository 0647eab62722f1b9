#!/usr/bin/env bash
# What programs write, seen while they run and kept after them; and a sweep over a training script as a table of its metrics.
#
#   logs.sh BIN WORK
#
# BIN holds reeve and its programs; WORK is an empty folder. Ends with 77 where this machine has no sandbox.
set -euo pipefail

bin=$1
work=$2
here=$(cd "$(dirname "$0")" && pwd)
. "$here/stage.sh"

need_sandbox

make_region logs
for owner in ada bert; do add_owner "$owner"; done
add_rig ada-1 ada "$bin/reeve" agent run
add_rig bert-1 bert "$bin/reeve" agent run

# value JSON PYTHON-EXPRESSION of the document d
state() { value "$(reeve --output json job info last)" 'd["job"]["state"]'; }
# eventually SECONDS COMMAND...
eventually() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.05
  done
}

# ---- a slow program is seen before it ends, and its log stays ----------------------------------------------------------

reeve --output quiet submit --verify none -- sh -c 'echo früh; sleep 2; echo spät >&2' >"$work/id"
reeve job logs last -f >"$work/followed" &
follower=$!
eventually 20 grep -q früh "$work/followed" || fail "nothing was seen of a program that runs"
[ "$(state)" = running ] || fail "the program was seen only after it had ended"
! grep -q spät "$work/followed" || fail "the end was seen before the beginning"
timeout 20 tail --pid=$follower -f /dev/null || fail "following does not end with the job"
printf 'früh\nspät\n' >"$work/expected"
cmp "$work/followed" "$work/expected" || fail "followed: $(cat "$work/followed")"
reeve job logs last >"$work/kept"
cmp "$work/kept" "$work/expected" || fail "kept: $(cat "$work/kept")"

# ---- where an attempt fails, the next one is shown -----------------------------------------------------------------------

reeve --output quiet submit --verify none --max-retries 1 -- sh -c 'echo trying; exit 3' >"$work/id" 2>/dev/null
reeve job logs last -f >"$work/followed"
[ "$(grep -cx trying "$work/followed")" = 2 ] || fail "two attempts: $(cat "$work/followed")"
grep -q 'that attempt failed; what follows is attempt' "$work/followed" || fail "two attempts: $(cat "$work/followed")"
[ "$(reeve job logs last | grep -cx trying)" = 1 ] || fail "not the newest attempt alone: $(reeve job logs last)"

# ---- several tasks, each line with its task; what is to be hidden is hidden; nothing steers the terminal ---------------

# shellcheck disable=SC2016 # the task expands it
reeve submit --array 1-3 --verify quorum:2 --wait --logs --no-progress -- \
  sh -c 'echo "openjd_redacted_env: KEY=s3cret"; printf "task %s has s3cret\033[2J\n" $REEVE_ARRAY_TASK_ID' \
  >"$work/out" 2>"$work/live" || fail "the array did not succeed: $(cat "$work/live")"
for n in 1 2 3; do
  grep -qxF "$((n - 1)): task $n has ********?[2J" "$work/live" || fail "live logs of task $n: $(cat "$work/live")"
done
[ "$(grep -c ' has ' "$work/live")" = 3 ] || fail "both copies of a task were shown: $(cat "$work/live")"
reeve job logs last --task 1-2 >"$work/kept"
[ "$(grep -c ' has ' "$work/kept")" = 2 ] || fail "two tasks' logs: $(cat "$work/kept")"
! grep -rq s3cret "$work/live" "$work/kept" "$work/region/logs" || fail "a secret is written down"
[ "$(reeve job logs last --task 2 | grep -c '^task 3 has')" = 1 ] || fail "a single task's lines have something before them"

# ---- a sweep over a training script ------------------------------------------------------------------------------------

cp "$here/../../docs/guides/examples/train_logistic.py" "$work/train.py"
printf '[{"rate": 0.3}, {"rate": 0.03}, {"rate": 0.003}, {"rate": 0.0003, "decay": 0.001}]' >"$work/sweep.json"
(cd "$work" && reeve submit --from-json sweep.json --input train.py --output-file model.json --wait -o models -- \
  python3 train.py) >"$work/out" 2>&1 || fail "the sweep did not succeed: $(cat "$work/out")"
for task in 0 1 2 3; do grep -q weights "$work/models/task_$task/model.json" || fail "no model of task $task"; done
reeve job metrics last >"$work/table"
[ "$(wc -l <"$work/table")" = 5 ] || fail "the table of the sweep: $(cat "$work/table")"
head -n 1 "$work/table" | grep -Eq '^TASK +STEP +rate +decay +loss +accuracy$' || fail "columns: $(head -n 1 "$work/table")"
table=$(reeve --output json job metrics last)
[ "$(value "$table" '[m["values"]["rate"] for m in d["metrics"]]')" = "[0.3, 0.03, 0.003, 0.0003]" ] || fail "metrics: $table"
[ "$(value "$table" 'all(m["metric_step"] == 12 and 0 < m["values"]["loss"] < 0.7 for m in d["metrics"])')" = True ] || fail "metrics: $table"
[ "$(reeve job metrics last --all --csv | wc -l)" = 49 ] || fail "a line an epoch is missing: $(reeve job metrics last --all --csv)"

# ---- here, without a region of one's own -------------------------------------------------------------------------------

reeve run -- sh -c 'echo first; sleep 1; echo last >&2' >"$work/result" 2>"$work/live" &
runner=$!
eventually 30 grep -q first "$work/live" || fail "reeve run shows nothing live: $(cat "$work/live")"
[ ! -s "$work/result" ] || fail "reeve run showed the result before it was one"
wait $runner || fail "reeve run: $(cat "$work/live")"
grep -q last "$work/live" || fail "reeve run lost the end: $(cat "$work/live")"
[ "$(cat "$work/result")" = "$(printf 'Job 1 succeeded.\nfirst')" ] || fail "reeve run gave: $(cat "$work/result")"

echo "logs: seen while the program ran and kept after it, secrets hidden, a sweep's metrics in a table of 4 tasks and 48 epochs"
