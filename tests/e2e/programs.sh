#!/usr/bin/env bash
# Programs of a requester's, run in sandboxes by three owners, one of whom cheats: checked, paid, contained, stopped.
#
#   programs.sh BIN WORK
#
# BIN holds reeve and its programs; WORK is an empty folder. Ends with 77 where this machine has no sandbox.
set -euo pipefail

bin=$1
work=$2
here=$(cd "$(dirname "$0")" && pwd)
. "$here/stage.sh"

need_sandbox

make_region programs
for owner in ada bert mallory; do add_owner "$owner"; done
add_rig ada-1 ada "$bin/reeve" agent run
add_rig bert-1 bert "$bin/reeve" agent run
add_rig mallory-1 mallory "$bin/reeve-cheating-agent"

json() { reeve --output json "$@"; }
# value JSON PYTHON-EXPRESSION of the document d
available() { value "$(json ledger balance)" 'sum(a["balance_micro"] for a in d["accounts"] if a["account"] == "available")'; }

# ---- a price before anything is submitted ------------------------------------------------------------------------------

cat >"$work/priced.yaml" <<'YAML'
specificationVersion: jobtemplate-2023-09
name: Priced
steps:
  - name: Run
    parameterSpace: { taskParameterDefinitions: [{ name: N, type: INT, range: "1-10" }] }
    script: { actions: { onRun: { command: "true", timeout: 60 } } }
YAML
said=$(reeve summary "$work/priced.yaml")
case $said in *"cost"*"likely 0.1202 credits, at most 0.1202, in the region programs"*) ;; *) fail "summary says: $said" ;; esac
[ "$(reeve --output json job list | python3 -c 'import json,sys; print(len(json.load(sys.stdin)["jobs"]))')" = 0 ] || fail "a quote made a job"

# ---- an array: inputs in, files out, every task by two owners that agree ------------------------------------------------

mkdir -p "$work/in/deep"
for n in 1 2 3 4 5 6; do echo "number $n" >"$work/in/deep/$n.txt"; done
# shellcheck disable=SC2016 # the task expands it
reeve submit --array 1-6 --input "$work/in" --output-file 'out/*.sum' --wait --time-limit 60s -o "$work/fetched" -- \
  sh -c 'mkdir out; sha256sum < in/deep/$REEVE_ARRAY_TASK_ID.txt > out/$REEVE_ARRAY_TASK_ID.sum; id -u >&2; ! ls /home/* 2>/dev/null' \
  >"$work/out" 2>&1 || fail "the array did not succeed: $(cat "$work/out")"
for n in 1 2 3 4 5 6; do
  [ "$(cat "$work/fetched/task_$n/out/$n.sum")" = "$(sha256sum <"$work/in/deep/$n.txt")" ] || fail "task $n gave another sum"
done

# Mallory's copies differ from what two others agree on: he is unpaid, and nobody is blamed.
tasks=$(json job tasks 1)
[ "$(value "$tasks" 'sum(a["verdict"] == "agreed" for t in d["tasks"] for a in t["attempts"])')" -ge 12 ] || fail "a task has less than two that agree"
[ "$(value "$tasks" '[a["owner_name"] for t in d["tasks"] for a in t["attempts"] if a["verdict"] == "agreed" and a["owner_name"] == "mallory"]')" = "[]" ] ||
  fail "mallory was paid"
[ "$(value "$tasks" 'sum(a["verdict"] == "rejected" for t in d["tasks"] for a in t["attempts"]) > 0')" = True ] || fail "mallory was not outvoted once"
trust=$(value "$(reeve --region "$work/region" --output json fleet info mallory-1)" 'd["agent"]["trust"]')
case $trust in *"'strikes': 0"*) ;; *) fail "mallory was blamed for a program that might be random: $trust" ;; esac

# ---- failures say why ------------------------------------------------------------------------------------------------

said=$(reeve submit --verify none --max-retries 1 --wait -- sh -c 'echo my last words >&2; exit 41' 2>&1) && fail "a program that fails succeeded"
case $said in *"exited with code: 41"*"my last words"*) ;; *) fail "a failed program is told as: $said" ;; esac
said=$(reeve submit --verify none --max-retries 1 --output-file 'missing/*.png' --wait -- true 2>&1) && fail "a missing output is no failure"
case $said in *"missing/*.png"*) ;; *) fail "a missing output is told as: $said" ;; esac
said=$(reeve submit --verify none --max-retries 0 --time-limit 1s --wait -- sleep 600 2>&1) && fail "a sleeper succeeded"
case $said in *time*) ;; *) fail "a sleeper is told as: $said" ;; esac

# ---- a cancelled job's processes are gone; a paused job starts nothing -----------------------------------------------

long=$((100000 + $$)) # seconds that no other sleeper on this machine sleeps
reeve --output quiet submit --verify none --array 1-3 -- sh -c "sleep $long & sleep $long; wait" >"$work/id" 2>/dev/null
running() { pgrep -fc "sleep $long" || true; }
for _ in {1..100}; do [ "$(running)" -lt 3 ] || break; sleep 0.1; done
[ "$(running)" -ge 3 ] || fail "the sleepers did not start"
began=$(date +%s%N)
reeve job cancel last --reason "enough of it" >/dev/null
for _ in {1..200}; do [ "$(running)" -gt 0 ] || break; sleep 0.05; done
[ "$(running)" = 0 ] || fail "processes of a cancelled job are left"
gone_ms=$((($(date +%s%N) - began) / 1000000))

rigs() { for rig in ada-1 bert-1 mallory-1; do reeve agent "$1" --home "$work/rig-$rig" >/dev/null || fail "$rig: agent $1"; done; }
rigs pause
before=$(available)
reeve --output quiet submit --verify none -- hostname >"$work/id"
reeve job pause last >/dev/null
rigs resume
sleep 1
[ "$(value "$(json job info last)" 'd["job"]["settled"]')" = 0 ] || fail "a paused job ran"
reeve job resume last >/dev/null
timeout 30 "$bin/reeve" job wait last >/dev/null || fail "a resumed job did not end"
[ "$(available)" -lt "$before" ] || fail "a job cost nothing"

reeve --region "$work/region" ledger verify | tail -n 1 | grep -q verified || fail "ledger verify"
echo "programs: an array checked by two owners, a cheat outvoted and unpaid, failures told, a cancelled job's processes gone after $gone_ms ms"
