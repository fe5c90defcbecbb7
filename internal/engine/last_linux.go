package engine

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// writeLast sends b in one segment with the FIN that follows at once: of many
// short connections the segment saved is a good part.
func writeLast(nc net.Conn, b []byte) (int, error) {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return nc.Write(b)
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nc.Write(b)
	}
	var n int
	var failed error
	err = raw.Write(func(fd uintptr) bool {
		n, failed = unix.SendmsgN(int(fd), b, nil, nil, unix.MSG_MORE|unix.MSG_NOSIGNAL)
		return failed != unix.EAGAIN
	})
	if err == nil {
		err = failed
	}
	if err != nil || n == len(b) {
		return n, err
	}
	m, err := nc.Write(b[n:])
	return n + m, err
}
