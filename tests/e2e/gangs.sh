#!/usr/bin/env bash
# Tasks that run on several slots at once, under mpirun and without it, over two agents of one farm: started, told, stopped together, and
# started again when an agent is killed in the middle.
#
#   gangs.sh BIN WORK
#
# BIN holds reeve and its programs; WORK is an empty folder. Ends with 77 where this machine has no sandbox, no TUN device or no OpenMPI.
set -euo pipefail

bin=$1
work=$2
here=$(cd "$(dirname "$0")" && pwd)
. "$here/stage.sh"

need_sandbox
if ! command -v mpirun >/dev/null || ! command -v mpicc >/dev/null; then skip "no OpenMPI (openmpi-bin, libopenmpi-dev)"; fi
if ! (exec 3<>/dev/net/tun) 2>/dev/null; then skip "/dev/net/tun cannot be opened"; fi

processes() { pgrep -fc "$1" || true; }
run_on() { [ "$(processes "$1")" -ge "$2" ]; }
gone() { [ "$(processes "$1")" = 0 ]; }

# answer RANKS ROUNDS: what mpi_sum comes to, by another program.
answer() {
  python3 - "$1" "$2" <<'EOF'
import sys
ranks, rounds = map(int, sys.argv[1:])
number = 0
for done in range(rounds):
    number = sum((number ^ (rank + 1)) * 6364136223846793005 + done for rank in range(ranks)) % 2**64
print(f"{ranks} ranks agree on {number} after {rounds} rounds")
EOF
}

start_rig() { start "$1" "$bin/reeve" agent run --home "$work/rig-$1" --farm hall --gang-address 127.0.0.1; }
make_region gangs
add_owner ada
for rig in left right; do
  reeve agent join "@$work/ada.rigs" --home "$work/rig-$rig" --name "$rig" --slots 2 >/dev/null
  start_rig "$rig"
done
sum=sum$$ # a name that no other process on this machine has
mpicc -O1 -o "$work/$sum" "$here/../gang/mpi_sum.c"

# ---- four ranks over two agents -----------------------------------------------------------------------------------------

timeout 90 "$bin/reeve" submit --gang 4 --mpi --input "$work/$sum" --wait -o "$work/four" -- "./$sum" 40 10 >"$work/out" 2>&1 ||
  fail "four ranks did not succeed: $(cat "$work/out")"
[ "$(find "$work/four" -name stdout -exec cat {} +)" = "$(answer 4 40)" ] || fail "four ranks say: $(find "$work/four" -name stdout -exec cat {} +)"
grep -q "costs what 4 slots cost" "$work/out" || fail "the price of a gang is not told: $(cat "$work/out")"
rank0_is_heard() { reeve job logs last 2>/dev/null | grep -q "4 ranks, from round 0"; }
await 5 rank0_is_heard

# ---- without mpirun: every member runs the command, and the first one's output is the result ------------------------------

# shellcheck disable=SC2016 # the members expand it
timeout 60 "$bin/reeve" submit --gang 2:3 --wait -o "$work/told" -- \
  sh -c 'test "$REEVE_RANK" = 0 || exit 0; echo $REEVE_RANK of $REEVE_GANG_SIZE: $REEVE_GANG_HOSTS' >"$work/out" 2>&1 ||
  fail "a gang without mpirun did not succeed: $(cat "$work/out")"
[ "$(find "$work/told" -name stdout -exec cat {} +)" = "0 of 3: rank0,rank1,rank2" ] || fail "members are told: $(find "$work/told" -name stdout -exec cat {} +)"

# ---- in an image: the members see each other's names, and each the image --------------------------------------------------

"$here/make_image.py" "$work/image.tar" docker /bin/sh /bin/cat
# shellcheck disable=SC2016 # the members expand it
timeout 60 "$bin/reeve" submit --gang 2 --image "$work/image.tar" --wait -o "$work/in_image" -- \
  sh -c 'cat /srv/greeting /.reeve-hosts; test -x /.reeve-launch; [ ! -e /usr/bin/env ]' >"$work/out" 2>&1 ||
  fail "a gang in an image did not succeed: $(cat "$work/out")"
[ "$(cat "$work/in_image/stdout")" = "$(printf 'hello from the image\nrank0 slots=1\nrank1 slots=1')" ] || fail "a gang in an image says: $(cat "$work/in_image/stdout")"

# ---- nobody outside is reached, and from outside nobody is -----------------------------------------------------------------

# shellcheck disable=SC2016 # the members expand it
said=$(timeout 60 "$bin/reeve" submit --gang 2 --max-retries 0 --env "PORT=$((port + 2))" --wait -- bash -c \
  'for a in 127.0.0.1 10.77.9.9; do ! timeout 1 bash -c "exec 3<>/dev/tcp/$a/$PORT" 2>/dev/null || exit 7; done' 2>&1) ||
  fail "a gang reached the region from its sandbox: $said"

# ---- a member that fails ends all, and is named ---------------------------------------------------------------------------

long=$((200000 + $$)) # seconds that no other sleeper on this machine sleeps
# shellcheck disable=SC2016 # the members expand it
said=$(timeout 60 "$bin/reeve" submit --gang 2 --max-retries 0 --wait -- sh -c "test \$REEVE_RANK = 1 || exec sleep $long; sleep 1; exit 3" 2>&1) &&
  fail "a gang succeeded of which a member failed"
case $said in *"rank 1 on "*"exited with code: 3"*) ;; *) fail "a member's failure is told as: $said" ;; esac
await 2 gone "sleep $long"

# ---- a cancelled gang is gone everywhere -------------------------------------------------------------------------------

reeve --output quiet submit --gang 4 -- sleep $long >"$work/id" 2>/dev/null
await 30 run_on "^sleep $long" 4
began=$(now_ms)
reeve job cancel last --reason "enough of it" >/dev/null
await 2 gone "sleep $long"
cancelled_ms=$(($(now_ms) - began))

# ---- an agent is killed in the middle: all end, all go on from the checkpoint, and the answer is the same ---------------------

# shellcheck disable=SC2016 # each rank expands it
reeve --output quiet submit --gang 4 --mpi --checkpoint 1M --input "$work/$sum" -- \
  sh -c "exec ./$sum 400 25 \$REEVE_CHECKPOINT_DIR" >"$work/id" 2>/dev/null
await 30 run_on "^./$sum" 4
has_checkpoint() { reeve --output json job info last | python3 -c 'import json,sys; sys.exit(json.load(sys.stdin)["job"]["checkpoints"] == 0)'; }
await 30 has_checkpoint
kill -9 "${pids[right]}"
began=$(now_ms)
await 2 gone "^./$sum"
stopped_ms=$(($(now_ms) - began))
wait "${pids[right]}" 2>/dev/null || true
start_rig right
timeout 120 "$bin/reeve" job wait last >"$work/out" 2>&1 || fail "the gang did not start again: $(cat "$work/out"; reeve job explain last)"
again_ms=$(($(now_ms) - began))
reeve job fetch last -o "$work/again" >/dev/null
from=$(reeve job logs last 2>/dev/null | sed -n 's/.*4 ranks, from round \([0-9]*\).*/\1/p' | sort -n | tail -n 1)
[ "${from:-0}" -gt 0 ] || fail "the gang began anew: $(reeve job logs last 2>&1)"
[ "$(find "$work/again" -name stdout -exec cat {} +)" = "$(answer 4 400)" ] || fail "after the kill: $(find "$work/again" -name stdout -exec cat {} +)"

# ---- one that fits nowhere says so ------------------------------------------------------------------------------------

reeve --output quiet submit --gang 9 -- true >"$work/id" 2>/dev/null
reeve job explain last >"$work/out" 2>&1
grep -q "needs 9 slots of one owner's farm at once; the most is 4" "$work/out" || fail "explain says: $(cat "$work/out")"
reeve job cancel last >/dev/null

reeve --region "$work/region" ledger verify | tail -n 1 | grep -q verified || fail "ledger verify"
echo "gangs: 4 ranks over 2 agents; cancelled within $cancelled_ms ms; after an agent's kill -9 stopped within $stopped_ms ms, went on from round $from of 400, and done after $again_ms ms"
