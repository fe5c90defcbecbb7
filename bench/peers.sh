#!/usr/bin/env bash
# Installs the scanners that tlswhy survey is measured against, and the servers that are surveyed.
#
#   bench/peers.sh            install what is missing, then print the versions
#   bench/peers.sh --check    print the versions, fail where something is missing
#
# Debian or Ubuntu, as root. What is compared is what the distribution ships: sslscan, testssl.sh and nmap.
# Running it again does nothing and is fast.
set -euo pipefail

packages=(sslscan testssl.sh nmap bsdextrautils gnutls-bin openjdk-17-jdk-headless nginx libnginx-mod-stream openssl curl iproute2)

missing=()
for p in "${packages[@]}"; do
  dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null | grep -qx installed || missing+=("$p")
done
if [ ${#missing[@]} -gt 0 ]; then
  [ "${1:-}" != --check ] || { echo "peers.sh: missing: ${missing[*]}" >&2; exit 1; }
  [ "$(id -u)" = 0 ] || { echo "peers.sh: not root, and these packages are missing: ${missing[*]}" >&2; exit 1; }
  # apt starts what it installs unless policy-rc.d answers 101.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
  fi
  export DEBIAN_FRONTEND=noninteractive
  echo "peers.sh: installing ${missing[*]}" >&2
  { apt-get -qq update &&
    apt-get -qq -y -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 install --no-install-recommends "${missing[@]}"; } >&2
fi
for p in sslscan testssl.sh nmap gnutls-bin openjdk-17-jdk-headless nginx openssl; do
  printf '%s %s\n' "$p" "$(dpkg-query -W -f='${Version}' "$p")"
done
