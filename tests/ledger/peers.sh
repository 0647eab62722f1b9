#!/usr/bin/env bash
# golang.org/x/mod verifies checkpoint, tiles, entries, inclusion and consistency of logs at the edges of trees and tiles, and refuses
# a log of which one bit was changed.
#
#   peers.sh BIN FOLDER
set -euo pipefail
bin=$1 work=$2
. "$(dirname "$0")/go.sh"
rm -rf "$work"
mkdir -p "$work"
build_auditor "$work"

for size in 1 2 3 255 256 257 65535 65536 65537; do
  "$bin/reeve-sample-log" "$size" "$work/$size"
  said=$("$work/auditor" verify "$work/$size" "$work/$size/vkey")
  echo "$size: $said"
  [[ $said == *"verified: $size entries"* ]]
done

# flip FILE OFFSET: one bit of it.
flip() { python3 -c 'import sys
with open(sys.argv[1], "r+b") as f:
    f.seek(int(sys.argv[2])); b = f.read(1); f.seek(int(sys.argv[2])); f.write(bytes([b[0] ^ 4]))' "$1" "$2"; }

for file in checkpoint tile/0/000 tile/0/001.p/1 tile/1/000.p/1 tile/entries/000 tile/entries/001.p/1; do
  cp -r "$work/257" "$work/changed"
  flip "$work/changed/$file" 3
  if "$work/auditor" verify "$work/changed" "$work/changed/vkey"; then
    echo "a changed $file was taken for good"
    exit 1
  fi
  rm -r "$work/changed"
done
rm -rf "$work"
