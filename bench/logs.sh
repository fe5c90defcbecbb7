#!/usr/bin/env bash
# logs.sh: what it costs to read a large log, next to ripgrep searching it for
# twenty texts. It prints tables, and fails where a program did not run.
# bench/run.sh calls it as its part logs. RUNS=N sets how often each program runs
# (default 5), MB=N how large the logs are (default 500).
#
# Needs Linux, Go and ripgrep. Everything it makes is gone when it ends.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v rg >/dev/null || { echo "logs.sh: rg is missing (Debian's package ripgrep)" >&2; exit 2; }
dir=$(mktemp -d "${TMPDIR:-/tmp}/tlswhy-logs.XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
binary=${TLSWHY_BINARY:-$dir/tlswhy}
[ -n "${TLSWHY_BINARY:-}" ] || CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o "$binary" ./cmd/tlswhy
go build -o "$dir/logs" ./bench/logs
"$dir/logs" generate -mb "${MB:-500}" -failures 0.3 "$dir/many.log"
"$dir/logs" generate -mb "${MB:-500}" -failures 0.01 "$dir/few.log"
"$dir/logs" compare -runs "${RUNS:-5}" -tlswhy "$binary" -patterns "$dir/patterns" "$dir/many.log" "$dir/few.log"
