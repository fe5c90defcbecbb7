package probe_test

import (
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/probe"
	"github.com/tlswhy/tlswhy/internal/transcript"
)

const inside = "TLSWHY_TEST_NAMESPACE"

// TestNetworkOutcomes runs itself in a network namespace of its own, where
// routes and packet filters can be bent at will.
func TestNetworkOutcomes(t *testing.T) {
	if os.Getenv(inside) != "" {
		networkOutcomes(t)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestNetworkOutcomes$", "-test.v")
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	out, err := cmd.CombinedOutput()
	if err != nil && os.Getenv("CI") == "" && strings.Contains(err.Error(), "not permitted") {
		t.Skip("no permission for a network namespace")
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

func run(t *testing.T, command string) {
	t.Helper()
	f := strings.Fields(command)
	if out, err := exec.Command(f[0], f[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
}

func networkOutcomes(t *testing.T) {
	run(t, "ip link set lo up")
	run(t, "ip route add unreachable 192.0.2.1")
	run(t, "ip route add prohibit 192.0.2.2")
	for _, a := range []string{"198.51.100.1", "198.51.100.2", "198.51.100.3", "198.51.100.4", "198.51.100.5"} {
		run(t, "ip addr add "+a+"/32 dev lo")
	}
	run(t, "iptables -A INPUT -d 198.51.100.1 -p tcp --syn -j DROP")
	run(t, "iptables -A INPUT -d 198.51.100.2 -p tcp --syn -j REJECT --reject-with icmp-admin-prohibited")
	run(t, "iptables -A INPUT -d 198.51.100.3 -p tcp --syn -j REJECT --reject-with icmp-net-unreachable")
	// A device that lets the connection stand and answers the hello with RST.
	run(t, "iptables -A INPUT -d 198.51.100.4 -p tcp --tcp-flags PSH PSH -j REJECT --reject-with tcp-reset")
	// One that swallows the hello.
	run(t, "iptables -A INPUT -d 198.51.100.5 -p tcp --tcp-flags PSH PSH -j DROP")
	l, err := net.Listen("tcp", "0.0.0.0:443")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var conns []net.Conn // their ends may be lost in the filters
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns = append(conns, c)
			wg.Go(func() { _, _ = io.Copy(io.Discard, c) })
		}
	})
	defer func() {
		l.Close()
		time.Sleep(50 * time.Millisecond)
		for _, c := range conns {
			c.Close()
		}
		wg.Wait()
	}()
	for _, tc := range []struct {
		addr  string
		kind  transcript.Kind
		acked transcript.Tri
	}{
		{"203.0.113.1", transcript.NoRoute, transcript.Unknown},
		{"2001:db8::1", transcript.NoRoute, transcript.Unknown},
		{"192.0.2.1", transcript.Unreachable, transcript.Unknown},
		{"192.0.2.2", transcript.Unreachable, transcript.Unknown},
		{"198.51.100.1", transcript.ConnectTimeout, transcript.Unknown},
		{"198.51.100.2", transcript.Unreachable, transcript.Unknown},
		{"198.51.100.3", transcript.Unreachable, transcript.Unknown},
		{"198.51.100.4", transcript.Reset, transcript.No},
		{"198.51.100.5", transcript.Silent, transcript.No},
	} {
		h := handshake(netip.AddrPortFrom(netip.MustParseAddr(tc.addr), 443))
		h.Wait = 300 * time.Millisecond
		tr := try(t, probe.New(probe.Options{}), h)
		if tr.Outcome.Kind != tc.kind || tr.HelloAcked != tc.acked {
			t.Errorf("%s: %+v, acknowledged: %v", tc.addr, tr.Outcome, tr.HelloAcked)
		}
		t.Logf("%s: %+v, acknowledged: %v", tc.addr, tr.Outcome, tr.HelloAcked)
		// The experiment that decides: a connection on which we say nothing.
		if tc.kind == transcript.Reset {
			h.Hello, h.Plain = nil, []byte{}
			if tr := try(t, probe.New(probe.Options{}), h); tr.Outcome.Kind != transcript.Silent {
				t.Errorf("saying nothing: %+v", tr.Outcome)
			}
		}
	}
}
