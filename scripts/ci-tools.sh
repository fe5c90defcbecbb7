#!/usr/bin/env bash
# Installs the Go tools that `make check` calls, at fixed versions, into ${TLSWHY_TOOLS:-$HOME/.cache/tlswhy-tools}/bin.
# Running it again with the tools in place does nothing.
set -euo pipefail

tools=${TLSWHY_TOOLS:-$HOME/.cache/tlswhy-tools}
modules=(
  mvdan.cc/gofumpt@v0.12.0
  honnef.co/go/tools/cmd/staticcheck@v0.8.2
  github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
)
mkdir -p "$tools/bin"
for m in "${modules[@]}"; do
  name=$(basename "${m%@*}")
  mark=$tools/bin/.$name-${m##*@}
  if [ ! -x "$tools/bin/$name" ] || [ ! -e "$mark" ]; then
    printf 'building %s\n' "$m" >&2
    GOBIN=$tools/bin GOFLAGS=-mod=mod CGO_ENABLED=0 go install "$m"
    rm -f "$tools/bin/.$name-"*
    touch "$mark"
  fi
  printf '%-14s %s\n' "$name" "${m##*@}"
done
printf 'add %s to PATH\n' "$tools/bin" >&2
