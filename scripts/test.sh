#!/usr/bin/env bash
# Everything that CI does, on a fresh Debian as root: installs what is missing, then lints, tests, fuzzes and
# compiles the benchmarks. A missing tool is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
export CI=true
# One kind of build for all but the race detector, so that all share one cache.
export CGO_ENABLED=0
tools=${TLSWHY_TOOLS:-$HOME/.cache/tlswhy-tools}
export PATH="$tools/bin:$PATH:/usr/sbin:/sbin"

began=$SECONDS
step() { printf '\n=== %s (after %d s)\n' "$*" $((SECONDS - began)) >&2; }

# Many tests measure time against real processes, and on a busy machine one may miss its moment. What fails
# twice is broken. (Packages that passed are not run again: go test caches them.)
twice() {
  "$@" && return 0
  printf '\n--- failed; once more: %s\n' "$*" >&2
  "$@"
}

step install servers, clients and tools
scripts/install-servers.sh
scripts/install-clients.sh
scripts/ci-tools.sh

step build, also for other systems
go build ./...
for target in windows/amd64 darwin/arm64; do
  GOOS=${target%/*} GOARCH=${target#*/} CGO_ENABLED=0 go build -o /dev/null ./cmd/tlswhy
done

step lint
scripts/lint.sh

step unit tests, with the race detector
twice env CGO_ENABLED=1 go test -race -timeout 20m ./internal/... .

step the lab: every broken endpoint diagnosed
twice go run ./cmd/tlswhy lab --check

step real servers and clients
twice env CGO_ENABLED=0 go test -count=1 -timeout 30m -skip '^TestClientsScore$' ./e2e

step predictions held against real clients
twice scripts/score-clients.sh

step fuzzing, shortly
scripts/fuzz.sh 5s

step benchmarks compile and run
go test -run '^$' -bench . -benchtime 1x ./internal/... > /dev/null

step done
