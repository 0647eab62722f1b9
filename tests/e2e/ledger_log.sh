#!/usr/bin/env bash
# The transparent log as owners use it: copied, brought up to date and verified offline; a receipt of a report and of its pay; every
# change is named; an auditor of its own agrees with the region's balances; restored from behind, the region opens a new origin.
#
#   ledger_log.sh BIN WORK
#
# BIN holds reeve and its programs; WORK is an empty folder.
set -euo pipefail

bin=$1
work=$2
here=$(cd "$(dirname "$0")" && pwd)
. "$here/stage.sh"

make_region ledger
for owner in ada bert; do add_owner "$owner"; done
add_rig ada-1 ada "$bin/reeve" agent run
add_rig bert-1 bert "$bin/reeve" agent run
url=http://127.0.0.1:$((port + 3))
copy=$work/copy

reeve --output quiet submit "$here/sha256_array.yaml" --wait >"$work/id"
refund_is_in() { reeve ledger fetch "$url" "$copy" >/dev/null && reeve ledger check --log "$copy" >"$work/check"; }
await 20 refund_is_in
size() { value "$(reeve --output json ledger check --log "$1")" 'd["log"]["entries"]'; }
first=$(size "$copy")
[ "$first" -gt 8 ] || fail "the log has only $first entries after a job"

# ---- brought up to date --------------------------------------------------------------------------------------------

reeve --output quiet submit "$here/sha256_array.yaml" --wait >"$work/id"
grown() { reeve ledger fetch "$url" "$copy" >"$work/fetched" && [ "$(size "$copy")" -gt "$first" ]; }
await 20 grown
grep -q "continues the" "$work/fetched" || fail "a second fetch says nothing of the first"
reeve ledger check --log "$copy" --first 3 --last 5 | grep -q "3 entries" || fail "a range was not verified"

# ---- receipts ------------------------------------------------------------------------------------------------------

attempt=$(sqlite3 "file:$work/region/view.db?mode=ro" 'SELECT attempt FROM settled LIMIT 1')
for of in result settle; do
  reeve ledger receipt "$url" --attempt "$attempt" --of $of --out "$work/$of.tlog-proof" >/dev/null \
    || fail "no receipt '$of' of attempt $attempt"
  reeve ledger check --receipt "$work/$of.tlog-proof" --key "$copy/vkey" | grep -q "($of)" || fail "the receipt '$of' does not verify"
done
sed -i 's/^index .*/index 0/' "$work/settle.tlog-proof"
if reeve ledger check --receipt "$work/settle.tlog-proof" --key "$copy/vkey" 2>"$work/why"; then fail "a changed receipt verifies"; fi
grep -q "is not leaf 0" "$work/why" || fail "a changed receipt is refused without a reason: $(cat "$work/why")"

# ---- a change is named ---------------------------------------------------------------------------------------------

for file in $(cd "$copy" && find checkpoint tile -type f); do
  cp -r "$copy" "$work/changed"
  python3 - "$work/changed/$file" <<'PYTHON'
import sys
with open(sys.argv[1], "r+b") as file:
    data = bytearray(file.read())
    data[len(data) // 2] ^= 1
    file.seek(0)
    file.write(data)
PYTHON
  if reeve ledger check --log "$work/changed" 2>"$work/why"; then fail "a changed $file verifies"; fi
  grep -qE "tile/|checkpoint" "$work/why" || fail "a changed $file is not named: $(cat "$work/why")"
  rm -r "$work/changed"
done

# ---- an auditor of its own agrees with the region -------------------------------------------------------------------

# Kind, owner and micro-credits of every account, a line each.
balances() {
  reeve --region "$work/region" --output json ledger balance | python3 -c '
import json, sys
kinds = ["mint", "available", "escrow", "stake", "held", "payable", "paid", "fee", "insurance"]
for a in json.load(sys.stdin)["accounts"]:
    print(kinds.index(a["account"]), a["job"] if a["account"] == "escrow" else a["party"], a["balance_micro"])'
}

if command -v go >/dev/null; then
  (. "$here/../ledger/go.sh" && build_auditor "$work")
  "$work/auditor" verify "$copy" "$copy/vkey"
  balances >"$work/balances"
  # What came last may not be published yet.
  agrees() { reeve ledger fetch "$url" "$copy" >/dev/null && "$work/auditor" replay "$copy" "$copy/vkey" "$work/balances" >"$work/audit"; }
  await 20 agrees
  grep -q " accounts agree" "$work/audit" || fail "the auditor says: $(cat "$work/audit")"
else
  echo "$name: no Go: the auditor did not run"
fi

# ---- restored from behind --------------------------------------------------------------------------------------------

stop scheduler
cp "$work/region/journal.db" "$work/backup"
serve
reeve --output quiet submit "$here/sha256_array.yaml" --wait >"$work/id"
await 20 grown
old=$(value "$(reeve --output json ledger check --log "$copy")" 'd["log"]["checkpoint"]["origin"]')
for started in "${!pids[@]}"; do kill -9 "${pids[$started]}" && unset "pids[$started]"; done
rm -f "$work"/region/journal.db* "$work"/region/view.db*
cp "$work/backup" "$work/region/journal.db"
serve
grep -q "new origin" "$work/logs/scheduler.log" || fail "the region does not say that it was restored from behind"
is_published() { curl -sf "$url/checkpoint" >/dev/null; }
await 20 is_published
if reeve ledger fetch "$url" "$copy" 2>"$work/why"; then fail "a log of another origin continues the copy"; fi
reeve ledger fetch "$url" "$work/second" >/dev/null
reeve ledger check --log "$work/second" >"$work/check"
new=$(value "$(reeve --output json ledger check --log "$work/second")" 'd["log"]["checkpoint"]["origin"]')
[ "${old%/*}/2" = "$new" ] || fail "after $old comes $new"
stop scheduler
reeve ledger audit "$work/region" | grep -q "as signed" || fail "the audit says nothing of the log"
