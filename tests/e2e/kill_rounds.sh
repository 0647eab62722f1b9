#!/usr/bin/env bash
# kill -9 of scheduler and agents in turn, at random moments, under load: every job completes, the ledger adds up.
#
#   kill_rounds.sh BIN WORK ROUNDS [SEED]
#
# BIN holds reeve and its programs; WORK is an empty folder. Each round submits two jobs and kills one process. At the end
# every accepted job has succeeded, `ledger verify` holds against the live region, and `ledger audit` replays the journal
# from zero: a (task, replica slot) settled twice, or a lost one, would stop it.
set -euo pipefail

bin=$1
work=$2
rounds=$3
RANDOM=${4:-1}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$work/logs"
declare -A pids=()

fail() {
  echo "kill_rounds: $*" >&2
  tail -n 5 "$work"/logs/*.log >&2 || true
  exit 1
}

stop_all() {
  trap - EXIT
  for name in "${!pids[@]}"; do kill -9 "${pids[$name]}" 2>/dev/null || true; done
  wait 2>/dev/null || true
}
trap stop_all EXIT

start() {
  local name=$1
  shift
  "$@" >>"$work/logs/$name.log" 2>&1 &
  pids[$name]=$!
}

run() {
  case $1 in
    scheduler) start scheduler "$bin/reeve-scheduler" serve "$work/region" ;;
    *) start "$1" "$bin/reeve-agent" run --home "$work/$1" ;;
  esac
}

free_port() {
  local port
  for _ in {1..100}; do
    port=$((20000 + (RANDOM + $$) % 12000))
    local taken=no
    for offset in 0 1 2 3; do
      if (exec 3<>"/dev/tcp/127.0.0.1/$((port + offset))") 2>/dev/null; then taken=yes; fi
    done
    [ $taken = yes ] || { echo $port; return; }
  done
  fail "no four free ports in a row on 127.0.0.1"
}

# until_answers COMMAND...: the region may be down at the moment; a command with its request id is safe to repeat.
until_answers() {
  for _ in {1..120}; do
    if "$@" 2>"$work/logs/last-error"; then return 0; fi
    sleep 0.5
  done
  cat "$work/logs/last-error" >&2
  fail "gave up on: $*"
}

port=$(free_port)
"$bin/reeve" region init "$work/region" --name kills --listen "127.0.0.1:$port" --http $((port + 2)) >/dev/null
run scheduler
operator() { "$bin/reeve" --region "$work/region" "$@"; }
invite() { until_answers operator --output quiet region invite "$@"; }
export REEVE_HOME=$work/requester
invite requester --credits 10000 >"$work/invitation"
until_answers "$bin/reeve" login "@$work/invitation" --name rita >/dev/null
agents=()
for owner in ada bela; do
  invite owner --credits 1 >"$work/invitation"
  until_answers "$bin/reeve" --home "$work/$owner" owner create "@$work/invitation" --name $owner >/dev/null
  "$bin/reeve" --home "$work/$owner" --output quiet owner invite-agents --uses 5 >"$work/$owner.token"
  until_answers "$bin/reeve-agent" join "@$work/$owner.token" --home "$work/$owner-1" --name $owner-1 --slots 1 >/dev/null
  agents+=("$owner-1")
done
for agent in "${agents[@]}"; do run "$agent"; done

targets=(scheduler "${agents[@]}")
jobs=()
for ((round = 0; round < rounds; ++round)); do
  verify=$([ $((round % 2)) = 0 ] && echo quorum:2 || echo adaptive)
  jobs+=("$(until_answers "$bin/reeve" --output quiet submit "$here/sha256_array.yaml" -p Count=5000 --verify "$verify" --max-retries 50)")
  jobs+=("$(until_answers "$bin/reeve" --output quiet submit "$here/spin_array.yaml" --verify quorum:2 --max-retries 50)")
  sleep "0.$((RANDOM % 9 + 1))"
  target=${targets[$((round % ${#targets[@]}))]}
  kill -9 "${pids[$target]}"
  wait "${pids[$target]}" 2>/dev/null || true
  run "$target"
done

for job in "${jobs[@]}"; do
  until_answers timeout 600 "$bin/reeve" --output quiet job wait "$job" >/dev/null
done
count=$(printf '%s\n' "${jobs[@]}" | sort -u | wc -l)
[ "$count" = $((2 * rounds)) ] || fail "$count distinct jobs, $((2 * rounds)) were accepted"
until_answers "$bin/reeve" --region "$work/region" ledger verify | tail -n 1
kill "${pids[scheduler]}"
wait "${pids[scheduler]}" || fail "the scheduler did not stop gracefully"
unset 'pids[scheduler]'
"$bin/reeve-scheduler" audit "$work/region" | tail -n 1
echo "kill_rounds: $rounds rounds, $count jobs, every one succeeded"
