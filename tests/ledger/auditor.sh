#!/usr/bin/env bash
# An auditor that shares no code with the region replays exported logs of simulated regions and agrees with every balance; it
# refuses a balance that is not so.
#
#   auditor.sh BIN FOLDER [SETTLEMENTS [STORIES]]
set -euo pipefail
bin=$1 work=$2 settlements=${3:-5000} stories=${4:-4}
. "$(dirname "$0")/go.sh"
rm -rf "$work"
mkdir -p "$work"
build_auditor "$work"

audit() { "$work/auditor" replay "$1" "$1/vkey" "$1/balances"; }

for ((seed = 1; seed <= stories; ++seed)); do
  "$bin/reeve-ledger-sim" story "$seed" "$work/story" >/dev/null
  echo "story $seed: $(audit "$work/story")"
  rm -r "$work/story"
done

"$bin/reeve-ledger-sim" settlements "$settlements" "$work/many" >/dev/null
said=$(audit "$work/many")
echo "$settlements settlements: $said"
# The last report of a run with copies settles for both owners: one more than was asked for.
[[ $said =~ \ ([0-9]+)\ settlements && ${BASH_REMATCH[1]} -ge $settlements ]]

printf '8 0 5\n' >>"$work/many/balances"
if audit "$work/many"; then
  echo "a balance that is not so was taken for good"
  exit 1
fi
rm -rf "$work"
