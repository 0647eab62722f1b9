#!/usr/bin/env bash
# An agent inside an allocation of Slurm's: srun starts it, it joins and works, also as a farm of one for gangs; scancel stops it, and
# nothing of it is left. Slurm's daemons are this test's own, in its folder and on ports of its own.
#
#   slurm.sh BIN WORK
#
# BIN holds reeve and its programs; WORK is an empty folder. Ends with 77 where this machine has no sandbox, no TUN device, no Slurm, or is
# not root's: slurmd starts jobs as their users.
set -euo pipefail

bin=$1
work=$2
here=$(cd "$(dirname "$0")" && pwd)
. "$here/stage.sh"

need_sandbox
if ! (exec 3<>/dev/net/tun) 2>/dev/null; then skip "/dev/net/tun cannot be opened"; fi
[ "$(id -u)" = 0 ] || skip "slurmd must run as root"
slurmctld=$(command -v slurmctld-wlm slurmctld | head -n 1) || skip "no Slurm (slurm-wlm)"
slurmd=$(command -v slurmd-wlm slurmd | head -n 1) || skip "no Slurm (slurm-wlm)"
command -v munged >/dev/null || skip "no munge"

# ---- a cluster of one node ------------------------------------------------------------------------------------------------

host=$(hostname -s)
slurm_port=$(free_port)
mkdir -p "$work"/slurm/{state,spool}
chmod 755 "$work/slurm"
# A socket's path has 108 bytes at most, and that of a build folder may have more.
sockets=$(mktemp -d "${TMPDIR:-/tmp}/reeve-slurm.XXXXXX")
chmod 755 "$sockets"
leave_cluster() { stop_all; rm -f "$sockets/munge.socket" "$sockets/munge.socket.lock"; rmdir "$sockets"; }
trap leave_cluster EXIT
(umask 077; head -c 128 /dev/urandom >"$work/slurm/munge.key")
cat >"$work/slurm/slurm.conf" <<EOF
ClusterName=reeve
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmctldPort=$slurm_port
SlurmdPort=$((slurm_port + 1))
AuthType=auth/munge
AuthInfo=socket=$sockets/munge.socket
StateSaveLocation=$work/slurm/state
SlurmdSpoolDir=$work/slurm/spool
SlurmctldPidFile=$work/slurm/slurmctld.pid
SlurmdPidFile=$work/slurm/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
KillWait=15
SlurmdParameters=config_overrides
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES State=UP
EOF
echo "CgroupPlugin=cgroup/v1" >"$work/slurm/cgroup.conf"
export SLURM_CONF=$work/slurm/slurm.conf
start munged munged --foreground --key-file="$work/slurm/munge.key" --socket="$sockets/munge.socket" --pid-file="$work/slurm/munged.pid" \
  --log-file="$work/logs/munge.log" --seed-file="$work/slurm/munge.seed" --num-threads=2
for _ in {1..100}; do [ ! -S "$sockets/munge.socket" ] || break; sleep 0.05; done
start slurmctld "$slurmctld" -D -f "$SLURM_CONF"
start slurmd "$slurmd" -D -f "$SLURM_CONF"
for _ in {1..200}; do
  if [ "$(timeout 5 sinfo -h -o %T 2>/dev/null)" = idle ]; then break; fi
  sleep 0.1
done
[ "$(timeout 5 sinfo -h -o %T 2>/dev/null)" = idle ] || {
  tail -n 3 "$work"/logs/{munged,slurmctld,slurmd}.log >&2
  skip "Slurm's daemons do not work on this machine"
}

# ---- an agent by srun -------------------------------------------------------------------------------------------------

make_region slurm
add_owner ada
export RIGS=$work/ada.rigs AGENT_HOMES=$work BIN=$bin
# shellcheck disable=SC2016 # the job expands it
start srun srun --quiet --job-name reeve-agent --kill-on-bad-exit=0 sh -c '
  home=$AGENT_HOMES/rig-$SLURM_JOB_ID-$SLURM_PROCID
  "$BIN/reeve" agent join "@$RIGS" --home "$home" --name "$SLURMD_NODENAME-$SLURM_JOB_ID" --slots 2 &&
  exec "$BIN/reeve" agent run --home "$home" --farm "slurm-$SLURM_JOB_ID" --gang-address 127.0.0.1'
timeout 60 "$bin/reeve" submit --verify none --wait -o "$work/one" -- sh -c 'echo inside' >"$work/out" 2>&1 || fail "a task did not succeed: $(cat "$work/out")"
[ "$(find "$work/one" -name stdout -exec cat {} +)" = inside ] || fail "the task gave another result"
# shellcheck disable=SC2016 # the members expand it
timeout 60 "$bin/reeve" submit --gang 2 --wait -o "$work/two" -- sh -c 'echo $REEVE_RANK of $REEVE_GANG_SIZE' >"$work/out" 2>&1 ||
  fail "a gang did not succeed: $(cat "$work/out")"
[ "$(find "$work/two" -name stdout -exec cat {} +)" = "0 of 2" ] || fail "the gang gave another result"

# ---- scancel ends it cleanly, with what it runs ---------------------------------------------------------------------------

long=$((300000 + $$)) # seconds that no other sleeper on this machine sleeps
sleeps() { pgrep -f "sleep $long" >/dev/null; }
ended() { ! sleeps; }
reeve --output quiet submit --verify none -- sleep $long >"$work/id" 2>/dev/null
await 30 sleeps
began=$(date +%s%N)
scancel --name reeve-agent
await 15 ended
wait "${pids[srun]}" 2>/dev/null || true
unset "pids[srun]"
stopped_ms=$((($(date +%s%N) - began) / 1000000))
grep -q "\[info\] stopped" "$work/logs/srun.log" || fail "the agent did not stop by itself: $(tail -n 5 "$work/logs/srun.log")"
grep -q ' failed: ' "$work/logs/srun.log" && fail "what Slurm ended counts as a failure: $(tail -n 5 "$work/logs/srun.log")"
forgotten() { [ "$(timeout 5 squeue -h | wc -l)" = 0 ]; }
await 20 forgotten  # srun's end may come before the controller has heard it from the node
reeve job cancel last >/dev/null

reeve --region "$work/region" ledger verify | tail -n 1 | grep -q verified || fail "ledger verify"
echo "slurm: srun's agent ran a task and a gang; scancel ended it cleanly within $stopped_ms ms"
