#!/usr/bin/env bash
# Programs whose honest results are not equal to the byte: a referee compares them, honest owners agree, a cheat is outvoted and unpaid.
#
#   comparisons.sh BIN WORK
#
# BIN holds reeve and its programs; WORK is an empty folder. Ends with 77 where this machine has no sandbox.
set -euo pipefail

bin=$1
work=$2
here=$(cd "$(dirname "$0")" && pwd)
. "$here/stage.sh"

need_sandbox

make_region comparisons
for owner in ada bert mallory; do add_owner "$owner"; done

json() { reeve --output json "$@"; }
# value JSON PYTHON-EXPRESSION of the document d
# attempts JOB VERDICT OWNER: how many attempts of the owner have this verdict
attempts() { value "$(json job tasks "$1")" "sum(a['verdict'] == '$2' and a['owner_name'] == '$3' for t in d['tasks'] for a in t['attempts'])"; }
compared() { value "$(json job info "$1")" "d['job']['comparisons']['$2']"; }

# ---- what cannot be is refused before anything is sent -------------------------------------------------------------------

said=$(reeve submit --compare image:psnr=high -- true 2>&1) && fail "a comparison that is none was accepted"
case $said in *"image:psnr=high"*psnr*) ;; *) fail "a comparison that is none is told as: $said" ;; esac
said=$(reeve submit --compare pixels --verify none -- true 2>&1) && fail "a comparison without a second result was accepted"
case $said in *"--verify none"*) ;; *) fail "a comparison without a second result is told as: $said" ;; esac

# ---- without a referee a job that is compared waits, and explain says for whom --------------------------------------------

add_rig ada-1 ada "$bin/reeve" agent run
add_rig mallory-1 mallory "$bin/reeve-cheating-agent"
# shellcheck disable=SC2016 # the task expands it
frames() { reeve --output quiet submit --compare "$1" --array 1-6 --input "$here/noisy_picture.py" --output-file frame.png \
  -- sh -c 'python3 noisy_picture.py $REEVE_ARRAY_TASK_ID frame.png'; }
job=$(frames pixels)
for _ in {1..100}; do
  said=$(reeve job explain "$job")
  case $said in *"no referee that offers the kernel compare/1"*) break ;; esac
  sleep 0.1
done
case $said in *"no referee that offers the kernel compare/1"*) ;; *) fail "explain says of two results to compare: $said" ;; esac

# ---- pixels: metadata differ and count for nothing; a darker picture is outvoted and unpaid -------------------------------

operator region invite referee --credits 0 >"$work/referee.txt" 2>/dev/null || operator region invite referee >"$work/referee.txt"
reeve agent join "@$work/referee.txt" --home "$work/rig-referee" --name referee --slots 1 >/dev/null
start referee "$bin/reeve" agent run --home "$work/rig-referee"
add_rig bert-1 bert "$bin/reeve" agent run
timeout 60 "$bin/reeve" job wait "$job" >/dev/null || fail "the frames did not succeed: $(reeve job info "$job")"
# The second honest copy is bert's, or that of the operator's referee, which runs tasks too.
paid_twice() { [ "$(attempts "$job" agreed ada)" = 6 ] && [ $(($(attempts "$job" agreed bert) + $(attempts "$job" agreed comparisons))) = 6 ]; }
await 5 paid_twice  # the view follows what it is told of
[ "$(attempts "$job" agreed mallory)" = 0 ] || fail "mallory was paid for a darker picture"
[ "$(attempts "$job" rejected mallory)" -ge 1 ] || fail "mallory was not outvoted once"
[ "$(compared "$job" same)" -ge 6 ] || fail "frames agreed without being compared: $(reeve job info "$job")"
said=$(reeve job info "$job")
case $said in *mallory*differ:*frame.png*) ;; *) fail "job info does not say how the pictures differ: $said" ;; esac
reeve job fetch "$job" -o "$work/frames" >/dev/null
[ "$(find "$work/frames" -name frame.png | wc -l)" = 6 ] || fail "not every frame was fetched"
trust=$(value "$(reeve --region "$work/region" --output json fleet info mallory-1)" 'd["agent"]["trust"]')
case $trust in *"'strikes': 0"*) ;; *) fail "mallory was blamed for a program that might be random: $trust" ;; esac

# ---- a referee is killed in the middle: another conversation, the same end -------------------------------------------------

kill -9 "${pids[referee]}"
wait "${pids[referee]}" 2>/dev/null || true
job=$(frames image:psnr=60)
for _ in {1..100}; do [ "$(value "$(json job tasks "$job")" '[t["state"] for t in d["tasks"]].count("comparing") > 0')" = True ] && break; sleep 0.1; done
start referee "$bin/reeve" agent run --home "$work/rig-referee"
timeout 60 "$bin/reeve" job wait "$job" >/dev/null || fail "after a referee's restart the frames did not succeed: $(reeve job explain "$job")"

# ---- tensors: within the tolerance they agree; beyond it the job fails and says what to do ---------------------------------

stop mallory-1
tensor() { reeve --output quiet submit --compare "$1" --input "$here/noisy_tensor.py" --output-file out.npy -- python3 noisy_tensor.py 1e-9 out.npy; }
job=$(tensor tensor:rtol=1e-7)
timeout 60 "$bin/reeve" job wait "$job" >/dev/null || fail "tensors within the tolerance do not agree: $(reeve job info "$job")"
job=$(tensor tensor:rtol=1e-12)
for _ in {1..100}; do [ "$(compared "$job" differ)" -lt 1 ] || break; sleep 0.1; done
said=$(reeve job info "$job")
case $said in *"ada and bert differ: out.npy"* | *"bert and ada differ: out.npy"*) ;; *) fail "tensors beyond the tolerance are told as: $said" ;; esac
reeve job cancel "$job" --reason "a tolerance that nothing meets" >/dev/null

# ---- the requester's own comparator ------------------------------------------------------------------------------------------

# shellcheck disable=SC2016 # the comparator expands it
printf '#!/bin/sh\necho "sizes $(stat -c %%s "$1/out.npy") and $(stat -c %%s "$2/out.npy")"\n[ "$(stat -c %%s "$1/out.npy")" = "$(stat -c %%s "$2/out.npy")" ]\n' >"$work/same.sh"
job=$(reeve --output quiet submit --compare 'command:sh same.sh' --input "$here/noisy_tensor.py" --input "$work/same.sh" --output-file out.npy \
  -- python3 noisy_tensor.py 1 out.npy)
timeout 60 "$bin/reeve" job wait "$job" >/dev/null || fail "results that the requester's program calls alike do not agree: $(reeve job info "$job")"
[ "$(compared "$job" same)" = 1 ] || fail "the requester's program was not asked"

reeve --region "$work/region" ledger verify | tail -n 1 | grep -q verified || fail "ledger verify"
echo "comparisons: frames with other metadata agree, a darker one outvoted and unpaid, a killed referee replaced, tensors within and beyond" \
  "their tolerance, a requester's comparator"
