#!/usr/bin/env bash
# run.sh [PART…]: measures tlswhy side by side with curl and openssl and writes
# the tables into RESULTS.md. Parts: startup healthy faults silent go; all by
# default; with parts, the tables go to stdout alone. The part hold starts the
# servers and tells how to reach them, for profiling by hand, until Ctrl-C. RUNS=N
# sets how often each program runs (default 15).
#
# Needs Linux, root (network namespaces), nginx with its stream module, curl,
# openssl and Go. Everything it makes lives in a directory and two network
# namespaces of its own and is gone when it ends, however it ends.
set -euo pipefail
cd "$(dirname "$0")/.."
bench=$PWD/bench
runs=${RUNS:-15}
name=bench.example
here=198.18.0.1 there=198.18.0.2 nobody=198.18.0.66 # RFC 2544: for benchmarks

parts=("$@")
[ $# -gt 0 ] || parts=(startup healthy faults silent go)
for part in "${parts[@]}"; do
  [[ $part =~ ^(startup|healthy|faults|silent|go|hold)$ ]] || { echo "run.sh: no part is called $part" >&2; exit 2; }
done
wants() { [[ " ${parts[*]} " == *" $1 "* ]]; }

[ "$(id -u)" = 0 ] || { echo "run.sh: network namespaces need root" >&2; exit 2; }
for tool in ip nginx curl openssl go; do
  command -v $tool >/dev/null || { echo "run.sh: $tool is missing" >&2; exit 2; }
done

dir=$(mktemp -d "${TMPDIR:-/tmp}/tlswhy-bench.XXXXXX")
id=$$
client=tlswhy-bench-$id-c server=tlswhy-bench-$id-s
pids=() running=

finish() {
  trap '' INT TERM HUP
  for p in $running "${pids[@]}"; do kill "$p" 2>/dev/null || true; done
  for p in "${pids[@]}"; do wait "$p" 2>/dev/null || true; done
  ip netns del "$client" 2>/dev/null || true
  ip netns del "$server" 2>/dev/null || true
  rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

export CGO_ENABLED=0
go build -trimpath -ldflags "-s -w" -o "$dir/tlswhy" ./cmd/tlswhy
go build -trimpath -ldflags "-s -w" -o "$dir/hello" ./bench/hello
go build -o "$dir/" ./bench/compare ./bench/delaylink
# What else the machine does shall disturb the measurements little.
renice -n -10 -p $$ >/dev/null 2>&1 || true
"$bench/pki.sh" "$dir/pki" "$name"
"$bench/nginx.sh" "$dir"

# Two namespaces, a cable of 50 ms between them. What runs in the server's sees
# the servers on its loopback interface, at about 0 ms.
network() {
  ip netns add "$client"
  ip netns add "$server"
  local a=tb${id}c b=tb${id}s
  "$dir/delaylink" -delay 50ms "$a" "$b" > "$dir/delaylink.log" & pids+=($!)
  until grep -q ready "$dir/delaylink.log"; do sleep 0.05; kill -0 "${pids[-1]}"; done
  ip link set "$a" netns "$client" name far
  ip link set "$b" netns "$server" name far
  for ns in "$client" "$server"; do
    ip netns exec "$ns" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
    ip -n "$ns" link set lo up
    ip -n "$ns" link set far up
  done
  ip -n "$client" addr add $here/24 dev far
  ip -n "$server" addr add $there/24 dev far
  # Neighbours are given, so that no measurement waits for ARP; one of them is
  # nobody: what is sent there is lost without a word.
  local mac_c mac_s
  mac_c=$(ip netns exec "$client" cat /sys/class/net/far/address)
  mac_s=$(ip netns exec "$server" cat /sys/class/net/far/address)
  ip -n "$client" neigh replace $there lladdr "$mac_s" dev far nud permanent
  ip -n "$client" neigh replace $nobody lladdr "$mac_s" dev far nud permanent
  ip -n "$server" neigh replace $here lladdr "$mac_c" dev far nud permanent
}

servers() {
  ip netns exec "$server" nginx -c "$dir/nginx.conf" -e "$dir/nginx.log" & pids+=($!)
  ip netns exec "$server" "$dir/compare" mute 0.0.0.0:9010 & pids+=($!)
  for _ in $(seq 100); do
    ip netns exec "$server" openssl s_client -connect 127.0.0.1:8443 </dev/null >/dev/null 2>&1 && return
    sleep 0.1
  done
  echo "run.sh: nginx does not come up:" >&2
  cat "$dir/nginx.log" >&2
  exit 1
}

# In the background, because only wait lets a signal interrupt bash.
await() { "$@" & running=$!; wait $running; running=; }
near() { local part=$1; shift; await ip netns exec "$server" "$dir/compare" "$part" -tlswhy "$dir/tlswhy" -hello "$dir/hello" -ca "$dir/pki/root.pem" -name $name -addr 127.0.0.1 -iface lo "$@"; }
far() { local part=$1; shift; await ip netns exec "$client" "$dir/compare" "$part" -tlswhy "$dir/tlswhy" -ca "$dir/pki/root.pem" -name $name -addr $there -iface far "$@"; }

gobench() {
  # The packages that have any, half a second each, three times.
  # shellcheck disable=SC2046 # one directory a word
  go test -run '^$' -bench . -benchtime 0.5s -count 3 \
    $(grep -rl --include='*_test.go' '^func Benchmark' internal ./*.go | xargs -n1 dirname | sort -u | sed 's|^[^.]|./&|') \
    | "$dir/compare" gobench
}

machine() {
  echo "Measured $(date -u +%Y-%m-%d) with \`bench/run.sh\` ($runs runs each): $(nproc) cores ($(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)),"
  echo "Linux $(uname -r | grep -oE '^[0-9]+\.[0-9]+'), $(go version | cut -d' ' -f3), $(openssl version | cut -d' ' -f1,2), curl $(curl --version | head -1 | cut -d' ' -f2), nginx $(nginx -v 2>&1 | cut -d/ -f2);"
  echo "load average before the start $(cut -d' ' -f1 /proc/loadavg). The server runs on the same cores as the client."
  echo
}

healthy=("8443=TLS 1.3, RSA-2048" "8444=TLS 1.2, RSA-2048" "8445=TLS 1.3 after a HelloRetryRequest (secp384r1)")

measure() {
  if wants startup || wants healthy || wants faults || wants silent; then machine; network; servers; fi
  if wants startup; then
    echo "### Start"; echo
    near startup -n 51
  fi
  if wants healthy; then
    echo "### A healthy endpoint, about 0 ms away"; echo
    near healthy -n $((runs * 2 + 1)) -target "openssl s_client=1.5" "${healthy[@]:0:2}"
    echo "### A healthy endpoint, 100 ms away"; echo
    far healthy -n "$runs" -target curl=1.1 "${healthy[@]}"
  fi
  if wants faults; then
    echo "### A handshake that fails, 100 ms away: time to the proof"; echo
    far faults -n $(((runs + 2) / 3)) \
      "9001=no-shared-version=6=TLS 1.1 only" \
      "9002=no-shared-cipher=6=Camellia only" \
      "9004=no-shared-signature-algorithm=6=an Ed25519 certificate" \
      "9006=no-alpn-overlap=6=ALPN imap only" \
      "9003=no-shared-group=8=secp521r1 only (+ HelloRetryRequest, 2 trips)" \
      "9005=no-shared-version=10=TLS 1.0 and Camellia"
  fi
  if wants silent; then
    echo "### Silence: when it is named"; echo
    far silent -n 3 "$nobody:443=tcp-timeout=10=no answer to the SYN" "9010=silent-after-hello=10=no answer to the hello"
  fi
  if wants go; then
    echo "### Go benchmarks"; echo
    await gobench
  fi
}

if wants hold; then
  network
  servers
  echo "about 0 ms: ip netns exec $server COMMAND, servers at 127.0.0.1"
  echo "100 ms: ip netns exec $client COMMAND, servers at $there"
  echo "root: $dir/pki/root.pem, name: $name, ports: see nginx.sh"
  wait
fi
if [ $# -gt 0 ]; then
  measure
  exit
fi

results=$bench/RESULTS.md
measure > "$dir/tables.md"
begin='<!-- speed: generated by bench/run.sh -->' end='<!-- speed: end -->'
grep -qF "$begin" "$results" || { echo "run.sh: no \"$begin\" in $results" >&2; exit 1; }
awk -v begin="$begin" -v end="$end" -v tables="$dir/tables.md" '
  $0 == begin { print; print ""; while ((getline line < tables) > 0) print line; skip = 1; next }
  $0 == end { skip = 0 }
  !skip' "$results" > "$dir/RESULTS.md"
cat "$dir/RESULTS.md" > "$results"
echo "run.sh: the tables are in bench/RESULTS.md" >&2
