package probe

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"

	"github.com/tlswhy/tlswhy/internal/transcript"
)

func TestDialOutcome(t *testing.T) {
	lo, six := netip.MustParseAddrPort("127.0.0.1:1"), netip.MustParseAddrPort("[2001:db8::1]:1")
	for _, tc := range []struct {
		err  error
		addr netip.AddrPort
		want transcript.Kind
	}{
		{syscall.ECONNREFUSED, lo, transcript.Refused},
		{syscall.EHOSTUNREACH, lo, transcript.Unreachable},
		{syscall.EACCES, lo, transcript.Unreachable},
		{syscall.EPERM, lo, transcript.Unreachable},
		{syscall.ENETUNREACH, lo, transcript.Unreachable}, // there is a route to loopback: a router said so
		{syscall.ETIMEDOUT, lo, transcript.ConnectTimeout},
		{os.ErrDeadlineExceeded, lo, transcript.ConnectTimeout},
		{syscall.ECONNRESET, lo, transcript.Reset},
		{syscall.EADDRNOTAVAIL, lo, transcript.LocalError},
		{syscall.EADDRNOTAVAIL, six, transcript.NoRoute},
		{syscall.EAFNOSUPPORT, six, transcript.NoRoute},
		{syscall.EMFILE, lo, transcript.LocalError},
	} {
		err := fmt.Errorf("x: %w", &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", tc.err)})
		if got := dialOutcome(context.Background(), err, tc.addr); got.Kind != tc.want {
			t.Errorf("%v to %s: %+v, want %s", tc.err, tc.addr, got, tc.want)
		}
	}
}
