#!/usr/bin/env bash
# run.sh [PART…]: measures tlswhy side by side with curl and openssl, and its
# survey with sslscan, testssl.sh and nmap, and writes the tables into RESULTS.md.
# Parts: startup healthy faults silent go survey bulk logs; all by default; with parts, the
# tables go to stdout alone, with WRITE=1 also into RESULTS.md where all parts of a
# section were measured. survey takes a quarter of an hour: the others are slow. The
# part hold starts the servers and tells how to reach them, for profiling by hand,
# until Ctrl-C. RUNS=N sets how often each program runs (default 15; survey: 7).
#
# Needs Linux, root (network namespaces), nginx with its stream module, curl,
# openssl and Go; survey needs what bench/peers.sh installs. Everything it makes
# lives in a directory and two network namespaces of its own and is gone when it
# ends, however it ends.
set -euo pipefail
cd "$(dirname "$0")/.."
bench=$PWD/bench
runs=${RUNS:-15}
name=bench.example
here=198.18.0.1 there=198.18.0.2 nobody=198.18.0.66 # RFC 2544: for benchmarks

parts=("$@")
[ $# -gt 0 ] || parts=(startup healthy faults silent go survey bulk logs)
for part in "${parts[@]}"; do
  [[ $part =~ ^(startup|healthy|faults|silent|go|survey|bulk|logs|hold)$ ]] || { echo "run.sh: no part is called $part" >&2; exit 2; }
done
wants() { [[ " ${parts[*]} " == *" $1 "* ]]; }

[ "$(id -u)" = 0 ] || { echo "run.sh: network namespaces need root" >&2; exit 2; }
for tool in ip nginx curl openssl go; do
  command -v $tool >/dev/null || { echo "run.sh: $tool is missing" >&2; exit 2; }
done

if wants survey; then "$bench/peers.sh" --check >/dev/null || { echo "run.sh: run bench/peers.sh first" >&2; exit 2; }; fi

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
if [ -n "${TLSWHY_BINARY:-}" ]; then
  cp "$TLSWHY_BINARY" "$dir/tlswhy"
else
  go build -trimpath -ldflags "-s -w" -o "$dir/tlswhy" ./cmd/tlswhy
fi
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
  answers 8443 || { cat "$dir/nginx.log" >&2; exit 1; }
}

answers() { # PORT
  for _ in $(seq 200); do
    ip netns exec "$server" openssl s_client -connect "127.0.0.1:$1" </dev/null >/dev/null 2>&1 && return
    sleep 0.1
  done
  echo "run.sh: the server on port $1 does not come up" >&2
  return 1
}

# The servers that are surveyed, beside nginx, each as its makers set it up.
surveyed() {
  javac -d "$dir/classes" e2e/testdata/Shop.java
  mkfifo "$dir/stdin"
  exec 9<> "$dir/stdin" # s_server ends when its input does
  ip netns exec "$server" openssl s_server -accept 8460 -www -cert "$dir/pki/rsa.pem" -key "$dir/pki/rsa.key" -cert_chain "$dir/pki/intermediate.pem" \
    <&9 > "$dir/s_server.log" 2>&1 & pids+=($!)
  ip netns exec "$server" java -cp "$dir/classes" Shop address=0.0.0.0 port=8461 "keys=$dir/pki/rsa.p12" versions=TLSv1.2,TLSv1.3 > "$dir/java.log" 2>&1 & pids+=($!)
  ip netns exec "$server" gnutls-serv --http --port 8462 --x509certfile "$dir/pki/rsa.chain.pem" --x509keyfile "$dir/pki/rsa.key" --disable-client-cert \
    > "$dir/gnutls.log" 2>&1 & pids+=($!)
  answers 8460 && answers 8461 && answers 8462
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

surveys=("8450=nginx, RSA and ECDSA" "8460=openssl s_server" "8461=Java (JSSE)" "8462=gnutls-serv")
healthy=("8443=TLS 1.3, RSA-2048" "8444=TLS 1.2, RSA-2048" "8445=TLS 1.3 after a HelloRetryRequest (secp384r1)")

measure_speed() {
  machine
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

measure_survey() {
  machine
  "$bench/peers.sh" --check | sed -n 's/^/- /p'
  echo
  surveyed
  local n=$(((runs + 1) / 2 - 1))
  echo "### Everything a server accepts, about 0 ms away"; echo
  near survey -n $n "${surveys[@]}"
  echo "### Everything a server accepts, 100 ms away"; echo
  far survey -n $n "${surveys[@]}"
}

measure_bulk() {
  local runs=$(((runs + 1) / 2))
  machine
  RUNS=$runs await "$bench/bulk.sh"
}

measure_logs() {
  machine
  RUNS=$(((runs + 1) / 2)) TLSWHY_BINARY=$dir/tlswhy await "$bench/logs.sh"
}

# section NAME: puts $dir/NAME.md between its marks in RESULTS.md.
results=$bench/RESULTS.md
section() {
  local begin="<!-- $1: generated by bench/run.sh -->" end="<!-- $1: end -->"
  grep -qF "$begin" "$results" || { echo "run.sh: no \"$begin\" in $results" >&2; exit 1; }
  awk -v begin="$begin" -v end="$end" -v tables="$dir/$1.md" '
    $0 == begin { print; print ""; while ((getline line < tables) > 0) print line; skip = 1; next }
    $0 == end { skip = 0 }
    !skip' "$results" > "$dir/RESULTS.md"
  cat "$dir/RESULTS.md" > "$results"
  echo "run.sh: the tables of $1 are in bench/RESULTS.md" >&2
}

if wants startup || wants healthy || wants faults || wants silent || wants survey || wants hold; then network; servers; fi
if wants hold; then
  echo "about 0 ms: ip netns exec $server COMMAND, servers at 127.0.0.1"
  echo "100 ms: ip netns exec $client COMMAND, servers at $there"
  echo "root: $dir/pki/root.pem, name: $name, ports: see nginx.sh"
  wait
fi
# measured SECTION PART…: measures what is wanted of a section, and prints or writes it.
write=${WRITE:-}
[ $# -gt 0 ] || write=1
measured() {
  local tables=$1 part all=1 any=
  shift
  for part in "$@"; do
    if wants "$part"; then any=1; else all=; fi
  done
  [ "$any" ] || return 0
  if [ -z "$write" ]; then
    "measure_$tables"
    return
  fi
  "measure_$tables" > "$dir/$tables.md"
  cat "$dir/$tables.md"
  if [ "$all" ]; then section "$tables"; fi
}
measured speed startup healthy faults silent go
measured survey survey
measured bulk bulk
measured logs logs
