# shellcheck shell=bash
# Builds the auditor with Debian's Go, which needs no network: build_auditor FOLDER puts it into FOLDER/auditor.
# Sourced, never run. Ends the caller with 77 where there is no Go.

build_auditor() {
  local sources=/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog
  if ! command -v go >/dev/null || [ ! -d "$sources" ]; then
    echo "SKIPPED (no Go with golang.org/x/mod: scripts/install-deps test installs golang-go and golang-golang-x-mod-dev)"
    exit 77
  fi
  (cd "$(dirname "${BASH_SOURCE[0]}")/auditor" &&
    GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS='' GOCACHE="$1/go-cache" go build -o "$1/auditor" .)
}
