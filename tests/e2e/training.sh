#!/usr/bin/env bash
# Training on agents of several owners: the model is the same with one agent taken unchecked, with three of which one is killed and one lies, and with
# five; the one that changes an entry of each result is convicted; what nothing goes on from is deleted.
#
#   training.sh BIN WORK
#
# BIN holds reeve and its programs; WORK is an empty folder.
set -euo pipefail

bin=$1
work=$2
here=$(cd "$(dirname "$0")" && pwd)
. "$here/stage.sh"

generations=12
cat >"$work/gpt.toml" <<TOML
name = "letters"
[model]
kind = "gpt"
context = 16
layers = 1
heads = 2
width = 16
[train]
generations = $generations
micro_batch = 2
micro_batches = 6
shards = 3
seed = 7
keep_every = 5
[optimizer]
kind = "adamw"
[rate]
peak = 0.01
TOML
for ((i = 0; i < 60; ++i)); do echo "a reeve oversaw the farms of a manor, $i of them, and kept the account"; done >"$work/text"

make_region training
for owner in ada bob cyd dan eve; do add_owner $owner; done
operator region invite referee >"$work/referee.txt"
reeve agent join "@$work/referee.txt" --home "$work/rig-referee" --name referee --slots 2 >/dev/null
start referee "$bin/reeve" agent run --home "$work/rig-referee"

# train NAME OPTION...: the digest of the model's state.
train() {
  local name=$1
  shift
  timeout 120 "$bin/reeve" train "$work/gpt.toml" --data "$work/text" -o "$work/$name" "$@" >"$work/$name.out" 2>"$work/$name.err" ||
    fail "$name: $(cat "$work/$name.out" "$work/$name.err"; reeve job explain last)"
  sed -n 's/^Model sha256:\([0-9a-f]*\),.*/\1/p' "$work/$name.out"
}

# ---- one agent, taken at its word ---------------------------------------------------------------------------------------------

add_rig one ada "$bin/reeve" agent run
alone=$(train alone --verify none)
[ ${#alone} = 64 ] || fail "no digest: $(cat "$work/alone.out")"
[ "$(wc -l <"$work/alone/loss.csv")" = $((generations + 1)) ] || fail "the losses: $(cat "$work/alone/loss.csv")"
head -c 4 "$work/alone/loss.svg" | grep -q "<svg" || fail "no curve"
first=$(sed -n '2s/.*,//p' "$work/alone/loss.csv") last=$(tail -n 1 "$work/alone/loss.csv" | sed 's/.*,//')
python3 -c "import sys; sys.exit(not float('$last') < float('$first'))" || fail "the loss went from $first to $last"
python3 - "$work/alone/model.safetensors" <<'PY' || fail "model.safetensors"
import json, struct, sys
data = open(sys.argv[1], "rb").read()
size = struct.unpack("<Q", data[:8])[0]
header = json.loads(data[8:8 + size])
ends = [t["data_offsets"][1] for name, t in header.items() if name != "__metadata__"]
sys.exit(max(ends) != len(data) - 8 - size)
PY
reeve train eval "$work/alone" --data "$work/text" | grep -q "rows: loss" || fail "eval"
[ "$(reeve train sample "$work/alone" --prompt 'a re' --bytes 20 | wc -c)" -gt 20 ] || fail "sample"

# ---- three agents, of which one is killed and one lies -----------------------------------------------------------------------------

add_rig liar bob "$bin/reeve-cheating-agent"
add_rig three cyd "$bin/reeve" agent run
add_rig killed dan "$bin/reeve" agent run
(
  sleep 1.5
  kill -9 "${pids[killed]}"
) &
killer=$!
among=$(train among)
wait $killer
[ "$among" = "$alone" ] || fail "among liars and the dead another model came out: $among, not $alone"
grep -q "convicted" "$work/logs/liar.log" || fail "the liar was not convicted"

# ---- five agents ---------------------------------------------------------------------------------------------------------------------

add_rig four dan "$bin/reeve" agent run
add_rig five eve "$bin/reeve" agent run
add_rig six ada "$bin/reeve" agent run
five=$(train five)
[ "$five" = "$alone" ] || fail "five agents gave another model: $five, not $alone"

# ---- what is kept, and what is said ---------------------------------------------------------------------------------------------------

# Results of 12 generations that are kept: the 5th, the 10th and the last.
reeve job fetch last -o "$work/kept" >/dev/null
[ "$(find "$work/kept" -name '*.bin' | wc -l)" = 3 ] || fail "kept: $(ls "$work/kept")"
blobs() { find "$work/region/blobs" -type f | wc -l; }
few_blobs() { [ "$(blobs)" -le 24 ]; }
await 20 few_blobs  # three runs of 48 results each
said=$(reeve train "$work/gpt.toml" --data "$work/nothing" 2>&1) && fail "data that is not there was taken"
case $said in *"nothing: cannot be read"*) ;; *) fail "missing data: $said" ;; esac
sed -i 's/^peak.*/peek = 0.01/' "$work/gpt.toml"
said=$(reeve train "$work/gpt.toml" --data "$work/text" 2>&1) && fail "an unknown key was taken"
case $said in *"rate.peek: no such key"*) ;; *) fail "an unknown key: $said" ;; esac
reeve --region "$work/region" ledger verify | tail -n 1 | grep -q verified || fail "ledger verify"
echo "training: $generations generations gave $alone with one agent, with three and with five; loss $first to $last"
