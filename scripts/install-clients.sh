#!/usr/bin/env bash
# Installs the real clients against which predictions are scored (scripts/score-clients.sh), beside what
# scripts/install-servers.sh installs.
#
#   scripts/install-clients.sh            install what is missing, then print the versions
#   scripts/install-clients.sh --check    print the versions, fail where something is missing
#
# Debian 12, as root; other releases have other versions of them, for which there is no profile. Runtimes from npm and
# clients of old Go toolchains go to ${TLSWHY_TOOLS:-$HOME/.cache/tlswhy-tools}. Running it again does nothing and is fast.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
  curl libcurl3-nss wget wget2 git openssl gnutls-bin libnss3-tools
  lynx w3m links elinks aria2 lftp
  python3 python3-requests perl libio-socket-ssl-perl libwww-perl liblwp-protocol-https-perl php-cli php-curl ruby lua5.3 lua-sec
  tcl tcl-tls pike8.0-core erlang-base erlang-ssl erlang-inets erlang-asn1 erlang-public-key erlang-crypto
  openjdk-17-jdk-headless libbctls-java libbcprov-java libbcutil-java
  libwolfssl35 botan android-boringssl
  gjs gir1.2-soup-3.0 glib-networking
)
# Real OpenSSL 1.0.0m, 1.0.1u twice, 1.0.2o to s, 1.1.0h, 1.1.1k to v, 3.0 and 3.5, each with the settings of its Node.js.
node_versions=(0.8.28 0.10.48 0.12.18 4.9.1 6.17.1 8.17.0 10.0.0 10.24.1 12.22.12 14.21.3 16.20.2 17.9.1 18.20.8 20.20.2 22.23.3 24.21.0 26.10.0)
deno_versions=(1.46.3 2.9.6)     # rustls with ring, with aws-lc-rs
bun_versions=(1.1.45 1.4.5)      # BoringSSL
go_versions=(1.9.7 1.12.17 1.16.15 1.20.14 1.23.0) # the present one is that of the tests

# shellcheck source=scripts/packages.sh
. scripts/packages.sh

# install_go VERSION: the same client, built with an old toolchain, which the go command fetches as it fetches modules. The
# go line makes it behave as its own release, and not as the newest.
install_go() {
  local v=$1 to=$tools/go-$1/client minor tmp
  [ -x "$to" ] && return 0
  minor=$(cut -d. -f2 <<<"$v")
  tmp=$(mktemp -d "$tools/.go-XXXXXX")
  say "building a client with Go $v"
  cp e2e/testdata/clients/get.go.txt "$tmp/main.go"
  (
    cd "$tmp"
    if [ "$minor" -ge 21 ]; then
      printf 'module client\n\ngo %s\n' "$v" >go.mod
    elif [ "$minor" -ge 11 ]; then
      printf 'module client\n\ngo 1.%s\n' "$minor" >go.mod
    fi
    GOFLAGS=-v GOWORK=off CGO_ENABLED=0 GOTOOLCHAIN=go$v go build -o client . 2>"$tmp/log"
  ) || { tail -n 20 "$tmp/log" >&2; rm -rf "$tmp"; die "no client of Go $v"; }
  mkdir -p "$(dirname "$to")"
  mv "$tmp/client" "$to"
  rm -rf "$tmp"
}

print_versions() {
  local v
  for v in curl wget wget2 git lynx w3m links elinks aria2c lftp ruby botan; do version $v $v --version; done
  version openssl openssl version
  version gnutls gnutls-cli --version
  version tstclnt dpkg-query -W libnss3-tools
  version curl-nss dpkg-query -W libcurl3-nss
  version python3 /usr/bin/python3 --version
  version requests dpkg-query -W python3-requests
  version perl perl -e 'print $^V'
  version io-socket-ssl dpkg-query -W libio-socket-ssl-perl
  version php php --version
  version lua-sec dpkg-query -W lua-sec
  version tcl-tls dpkg-query -W tcl-tls
  version pike dpkg-query -W pike8.0-core
  version erlang dpkg-query -W erlang-ssl
  version java java -version
  version bouncycastle dpkg-query -W libbctls-java
  version wolfssl dpkg-query -W libwolfssl35
  version boringssl dpkg-query -W android-boringssl
  version libsoup dpkg-query -W gir1.2-soup-3.0
  for v in "${node_versions[@]}"; do
    version "node-$v" "$tools/node-$v/node" -p 'process.version + " with OpenSSL " + process.versions.openssl'
  done
  for v in "${deno_versions[@]}"; do version "deno-$v" "$tools/deno-$v/deno" --version; done
  for v in "${bun_versions[@]}"; do version "bun-$v" "$tools/bun-$v/bun" --version; done
  for v in "${go_versions[@]}"; do version "go-$v" "$tools/go-$v/client"; done
  [ $broken = 0 ] || die "something is missing, see above"
}

case ${1:-} in
  "")
    install_packages "${packages[@]}"
    mkdir -p "$tools"
    for v in "${node_versions[@]}"; do install_node "$v"; done
    for v in "${deno_versions[@]}"; do from_npm @deno/linux-x64-glibc "$v" deno "deno-$v/deno"; done
    for v in "${bun_versions[@]}"; do from_npm @oven/bun-linux-x64 "$v" bin/bun "bun-$v/bun"; done
    for v in "${go_versions[@]}"; do install_go "$v"; done
    ;;
  --check) ;;
  *) die "unknown argument: $1" ;;
esac
print_versions
