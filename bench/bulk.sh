#!/usr/bin/env bash
# bulk.sh: what a verdict on one of many hosts costs, next to what less than that
# costs. It prints tables, and fails where a host did not get its verdict.
# bench/run.sh calls it as its part bulk. RUNS=N sets how often each mode visits all
# hosts (default 7).
#
# Needs Linux, root (a network namespace), two cores, taskset and Go. Everything it
# makes is gone when it ends, however it ends.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${RUNS:-7}

[ "$(id -u)" = 0 ] || { echo "bulk.sh: a network namespace needs root" >&2; exit 2; }
[ "$(nproc)" -ge 2 ] || { echo "bulk.sh: client and farm need a core each" >&2; exit 2; }
for tool in ip taskset go; do
  command -v $tool >/dev/null || { echo "bulk.sh: $tool is missing" >&2; exit 2; }
done

dir=$(mktemp -d "${TMPDIR:-/tmp}/tlswhy-bulk.XXXXXX")
ns=tlswhy-bulk-$$
running=
finish() {
  trap '' INT TERM HUP
  [ -z "$running" ] || { kill "$running" 2>/dev/null && wait "$running"; } || true
  ip netns del "$ns" 2>/dev/null || true
  rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

CGO_ENABLED=0 go build -o "$dir/" ./bench/farm ./bench/bulk
# A namespace has a loopback interface of its own, on which nobody else is, and
# forgets closed connections: a measurement shall not pay for those before it.
ip netns add "$ns"
ip -n "$ns" link set lo up
ip netns exec "$ns" sysctl -qw net.ipv4.tcp_max_tw_buckets=100

# In the background, because only wait lets a signal interrupt bash.
measure() {
  TMPDIR=$dir ip netns exec "$ns" "$dir/bulk" -farm "$dir/farm" "$@" & running=$!
  wait "$running"
  running=
}

echo "A farm of 1,000 hosts, each with an address, a name and a leaf of its own and all with one intermediate, on one core; the"
echo "client on another, with 32 hosts at once, five visits of each host a run (RSA leaves: one). CPU is user and system time of the client's"
echo "process without its start; tables with RSA are of half as many runs; load average before the start $(cut -d' ' -f1 /proc/loadavg)."
echo
measure -runs "$runs"
measure -key mixed -runs $(((runs + 1) / 2)) -hold 0
measure -key rsa -runs $(((runs + 1) / 2)) -rounds 1 -hold 0 # the farm's signatures take long
if command -v zgrab2 >/dev/null; then
  echo "zgrab2 is installed here and not measured by this script."
else
  echo "zgrab2 is not in the table: the Go module proxy does not give it out."
fi
echo
