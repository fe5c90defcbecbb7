#!/usr/bin/env bash
# Builds archives for the systems that people run, with a manual page and completions, into dist/.
#
#   scripts/release.sh VERSION
set -euo pipefail
cd "$(dirname "$0")/.."
version=${1:?usage: scripts/release.sh VERSION}
ldflags="-s -w -X github.com/tlswhy/tlswhy.version=$version"
export CGO_ENABLED=0

rm -rf dist
mkdir -p dist/extras/completion
go run -ldflags "$ldflags" ./internal/cli/genman >dist/extras/tlswhy.1
for shell in bash zsh fish powershell; do
  go run -ldflags "$ldflags" ./cmd/tlswhy completion $shell >"dist/extras/completion/tlswhy.$shell"
done
cp README.md LICENSE CHANGELOG.md dist/extras/
cp -r schema dist/extras/schema

for target in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64; do
  name=tlswhy-$version-${target/\//-}
  program=tlswhy
  [ "${target%/*}" = windows ] && program=tlswhy.exe
  mkdir "dist/$name"
  GOOS=${target%/*} GOARCH=${target#*/} go build -trimpath -ldflags "$ldflags" -o "dist/$name/$program" ./cmd/tlswhy
  cp -r dist/extras/. "dist/$name/"
  # Same bytes for the same commit: fixed order, owner and time.
  tar -C dist --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$(git log -1 --format=%ct)" -cf - "$name" | gzip -n >"dist/$name.tar.gz"
  rm -rf "dist/$name"
  printf 'dist/%s.tar.gz\n' "$name"
done
rm -rf dist/extras
(cd dist && sha256sum ./*.tar.gz >SHA256SUMS)
