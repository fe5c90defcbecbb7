#!/usr/bin/env bash
# Formatting, vet, linters, and whether generated files and go.mod are current.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=${TLSWHY_TOOLS:-$HOME/.cache/tlswhy-tools}
export PATH="$tools/bin:$PATH"

step() { printf '== %s\n' "$*" >&2; }

step gofumpt
unformatted=$(git ls-files '*.go' | xargs gofumpt -l)
if [ -n "$unformatted" ]; then
  printf 'not formatted (gofumpt -w):\n%s\n' "$unformatted" >&2
  exit 1
fi

step go vet
go vet ./...

step golangci-lint
golangci-lint run ./...

step go.mod
go mod tidy -diff

step generated files
before=$(git status --porcelain)
go generate ./...
after=$(git status --porcelain)
if [ "$before" != "$after" ]; then
  printf 'go generate changes files:\n' >&2
  diff <(printf '%s\n' "$before") <(printf '%s\n' "$after") >&2 || true
  exit 1
fi
