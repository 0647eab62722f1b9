# shellcheck shell=bash
# What the scripts share: where the repository is, how they speak, and how a preset is configured and built.
# Sourced, never run. Sets ROOT and changes into it.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT" || exit 1

# A checkout that belongs to another user (a container's mount) is still ours to read.
export PYTHONDONTWRITEBYTECODE=1
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0="$ROOT"

say() { printf '== %s\n' "$*"; }
die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# Prints the comment lines under a script's first line, without their marks: its own help.
print_help() { awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "$1"; }

# The commit that a log or a figure belongs to; "+changes" where tracked files differ from it.
commit_name() {
  local name
  name=$(git rev-parse --short=12 HEAD 2>/dev/null) || { echo unknown; return; }
  git diff --quiet HEAD -- 2>/dev/null || name+=+changes
  echo "$name"
}

# configure PRESET: quiet where it works, whole output where it does not.
configure() {
  local log
  log=$(cmake --preset "$1" 2>&1) || { printf '%s\n' "$log" >&2; die "configuring preset $1 failed (above)"; }
}

# build PRESET [TARGET...]: configures and builds build/PRESET; two jobs at the least, one a core.
build() {
  local preset=$1 targets=()
  shift
  [ $# -eq 0 ] || targets=(--target "$@")
  configure "$preset"
  cmake --build "build/$preset" "${targets[@]}" || die "building preset $preset failed (above)"
}

# The same, with output only where it fails.
build_quietly() {
  local log="build/$1/build.log"
  mkdir -p "build/$1"
  (build "$@") >"$log" 2>&1 || {
    tail -n 60 "$log" >&2
    die "building preset $1 failed (above; the whole log: $log)"
  }
}

# list_bodies FOLDER: each script of scripts/FOLDER with the first line of its help.
list_bodies() {
  local file
  for file in "scripts/$1"/*; do
    [ -f "$file" ] && printf '  %-14s %s\n' "${file##*/}" "$(print_help "$file" | head -n 1)"
  done
}
