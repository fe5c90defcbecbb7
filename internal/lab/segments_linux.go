package lab

import (
	"context"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// segmentsUp is a device that swallows a hello which takes more than one TCP
// segment, whatever its size: one that judges packets and reassembles nothing.
func segmentsUp(e *env) error {
	next, err := healthyNext(e)
	if err != nil {
		return err
	}
	// Loopback would carry 64 KiB in one segment: announce Ethernet's size. The
	// option has to be there before SYN arrives, so the listener gets it.
	control := func(_, _ string, c syscall.RawConn) error {
		var serr error
		if err := c.Control(func(fd uintptr) {
			serr = os.NewSyscallError("setsockopt", unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_MAXSEG, segment))
		}); err != nil {
			return err
		}
		return serr
	}
	lc := net.ListenConfig{Control: control}
	ln, err := lc.Listen(e.lab.ctx, "tcp", e.nextAddr())
	if err != nil {
		return err
	}
	e.addr = ln.Addr().String()
	e.lab.serve(ln.(*net.TCPListener), func(ctx context.Context, c *net.TCPConn) {
		h, err := readHello(c)
		if err != nil {
			return
		}
		if n, err := dataSegments(c); err != nil || n > 1 {
			hold(c)
			return
		}
		next(ctx, &replay{c, h.raw})
	})
	return nil
}

// dataSegments counts the segments with data that have arrived.
func dataSegments(c *net.TCPConn) (int, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	var n int
	var serr error
	err = raw.Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil {
			serr = os.NewSyscallError("getsockopt", err)
			return
		}
		n = int(info.Data_segs_in)
	})
	if err == nil {
		err = serr
	}
	return n, err
}
