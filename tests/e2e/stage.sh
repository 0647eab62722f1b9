# shellcheck shell=bash disable=SC2154 # the script that sources it sets bin and work
# A region and its agents as processes, for the scripts beside this one. Sourced, never run: the script has set `bin` (reeve and its
# programs) and `work` (an empty folder). Everything that was started ends with the script.

mkdir -p "$work/logs"
name=$(basename "$0" .sh)
declare -A pids=()

fail() {
  echo "$name: $*" >&2
  tail -n 5 "$work"/logs/*.log >&2 || true
  exit 1
}

# This machine has not what the test takes.
skip() {
  echo "$name: skipped: $*"
  exit 77
}

need_sandbox() {
  if ! command -v bwrap >/dev/null || ! bwrap --unshare-all --ro-bind / / true 2>/dev/null; then skip "no bubblewrap, or no user namespaces"; fi
}

# await SECONDS COMMAND...
await() {
  local tries=$(($1 * 50))
  shift
  for ((i = 0; i < tries; ++i)); do
    if "$@"; then return; fi
    sleep 0.02
  done
  fail "waited in vain for: $*"
}

now_ms() { echo $(($(date +%s%N) / 1000000)); }
# value JSON EXPRESSION: of it, as `d`, in Python.
value() { python3 -c 'import json,sys; d=json.loads(sys.argv[1]); print(eval(sys.argv[2]))' "$1" "$2"; }

stop_all() {
  trap - EXIT
  for started in "${!pids[@]}"; do kill -9 "${pids[$started]}" 2>/dev/null || true; done
  wait 2>/dev/null || true
}
trap stop_all EXIT

start() {
  local log=$work/logs/$1.log started=$1
  shift
  "$@" >>"$log" 2>&1 &
  pids[$started]=$!
}

stop() {
  kill "${pids[$1]}"
  wait "${pids[$1]}" || fail "$1 did not stop gracefully"
  unset "pids[$1]"
}

port_is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free_port() {
  for _ in {1..100}; do
    local port=$((20000 + (RANDOM + $$) % 12000)) taken=no
    for offset in 0 1 2 3; do
      if port_is_taken $((port + offset)); then taken=yes; fi
    done
    [ $taken = yes ] || { echo $port; return; }
  done
  fail "no four free ports in a row on 127.0.0.1"
}

# get PATH: what the region's HTTP answers, status line first.
get() {
  exec 3<>"/dev/tcp/127.0.0.1/$((port + 2))" || return 1
  printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$1" >&3
  timeout 10 cat <&3
  exec 3>&-
}

serve() {
  start scheduler "$bin/reeve" region serve "$work/region"
  for _ in {1..100}; do
    if get /healthz 2>/dev/null | head -n 1 | grep -q 200; then return; fi
    kill -0 "${pids[scheduler]}" 2>/dev/null || fail "the region did not start"
    sleep 0.1
  done
  fail "the region does not answer /healthz"
}

operator() { "$bin/reeve" --region "$work/region" --output quiet "$@"; }
reeve() { "$bin/reeve" "$@"; }

# make_region NAME: a region that is served at $port, and a requester who is logged in.
make_region() {
  port=$(free_port)
  reeve region init "$work/region" --name "$1" --listen "127.0.0.1:$port" --http $((port + 2)) >/dev/null
  serve
  export REEVE_HOME=$work/requester
  operator region invite requester --credits 100000 >"$work/requester.txt"
  reeve login "@$work/requester.txt" --name rita >/dev/null
}

# add_owner NAME: an owner, whose invitation for rigs is NAME.rigs.
add_owner() {
  operator region invite owner --credits 1 >"$work/$1.txt"
  reeve --home "$work/$1" owner create "@$work/$1.txt" --name "$1" >/dev/null
  reeve --home "$work/$1" --output quiet owner invite-agents --uses 10 >"$work/$1.rigs"
}

# add_rig NAME OWNER PROGRAM...: joins a rig and starts PROGRAM (with --home) as it.
add_rig() {
  local rig=$1 owner=$2
  shift 2
  reeve agent join "@$work/$owner.rigs" --home "$work/rig-$rig" --name "$rig" --slots 2 >/dev/null
  start "$rig" "$@" --home "$work/rig-$rig"
}
