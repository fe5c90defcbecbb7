//go:build linux

package e2e

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// echScript runs in a network and a mount namespace of its own: Chromium finds keys for encrypted hellos by the
// system's resolver alone, on port 53. It prints what each endpoint of the lab gave Chromium, and tlswhy's exit code.
const echScript = `set -e
ip link set lo up
export HOME="$DIR"
echo 'nameserver 127.0.0.1' >"$DIR/resolv.conf"
mount --bind "$DIR/resolv.conf" /etc/resolv.conf
"$TLSWHY" lab --port 52 --dir "$DIR" $ENDPOINTS >"$DIR/lab" 2>&1 &
lab=$!
trap 'kill $lab' EXIT
for i in $(seq 100); do grep -q 'Ctrl-C ends' "$DIR/lab" && break; sleep 0.1; done
mkdir -p "$DIR/.pki/nssdb"
certutil -d "sql:$DIR/.pki/nssdb" -N --empty-password
csplit -s -z -f "$DIR/ca-" "$DIR/ca.pem" '/-----BEGIN/' '{*}'
for f in "$DIR"/ca-*; do certutil -d "sql:$DIR/.pki/nssdb" -A -t C,, -n "$f" -i "$f"; done
for name in $ENDPOINTS; do
	port=$(sed -n "s/.*$name\.tlswhy\.test --connect 127\.0\.0\.1:\([0-9]*\).*/\1/p" "$DIR/lab")
	page=nothing
	timeout 60 chromium --no-sandbox --headless --disable-gpu --user-data-dir="$DIR/user-$name" --virtual-time-budget=4000 \
		--log-net-log="$DIR/log-$name" --dump-dom "https://$name.tlswhy.test:$port/" >"$DIR/page" 2>/dev/null || true
	if grep -q 'It works' "$DIR/page"; then page=works; fi
	ech=clear
	if grep -q 'encrypted_client_hello":true' "$DIR/log-$name"; then ech=encrypted; fi
	code=0
	"$TLSWHY" "$name.tlswhy.test:$port" --as chrome --resolver 127.0.0.1 --ca-file "$DIR/ca.pem" --json >/dev/null || code=$?
	echo "$name $page $ech $code"
done`

// TestChromiumAgreesOnECH holds tlswhy's idea of what a rejected hello means against the browser that it is about.
func TestChromiumAgreesOnECH(t *testing.T) {
	for _, tool := range []string{"chromium", "certutil", "unshare", "ip", "csplit"} {
		need(t, tool)
	}
	needRoot(t, "namespaces")
	want := []string{
		"ech works encrypted 0",
		"ech-stale works encrypted 0",
		"ech-off works clear 0",
		"ech-unknown nothing clear 1",
		"ech-stale-unnamed nothing clear 1",
	}
	var names []string
	for _, w := range want {
		name, _, _ := strings.Cut(w, " ")
		names = append(names, name)
	}
	tlswhy, err := filepath.Abs(program(t))
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), "unshare", "-nm", "bash", "-c", echScript)
	c.Env = append(c.Environ(), "DIR="+t.TempDir(), "TLSWHY="+tlswhy, "ENDPOINTS="+strings.Join(names, " "))
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got := strings.Split(strings.TrimSpace(string(out)), "\n")
	for i, w := range want {
		if i >= len(got) || got[i] != w {
			t.Errorf("want %q in\n%s", w, out)
		}
	}
}
