#!/usr/bin/env bash
# Runs every fuzz target of the repository for a while.
#
#   scripts/fuzz.sh [TIME]    TIME for each target, 20s by default
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-20s}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
n=0
while IFS=: read -r file name; do
  n=$((n + 1))
  printf '== %s in %s\n' "$name" "$(dirname "$file")" >&2
  go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" "./$(dirname "$file")" >"$log" 2>&1 || { cat "$log"; exit 1; }
done < <(git grep -oE '^func Fuzz[A-Za-z0-9]+' -- '*_test.go' | sed 's/:func /:/')
printf '%d fuzz targets, %s each\n' "$n" "$time" >&2
[ "$n" -gt 0 ]
