//go:build unix

package engine

import (
	"io"
	"net"
	"syscall"
	"time"
)

// readNow reads what has already arrived and does not wait.
func readNow(nc net.Conn, b []byte) (int, error) {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return readSoon(nc, b)
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return readSoon(nc, b)
	}
	// A deadline that is over would keep the function below from being called.
	if err := nc.SetReadDeadline(time.Time{}); err != nil {
		return 0, err
	}
	var n int
	var failed error
	err = raw.Read(func(fd uintptr) bool {
		n, failed = syscall.Read(int(fd), b)
		return true // whatever came of it: do not wait
	})
	switch {
	case err != nil:
		return 0, err
	case failed != nil:
		return 0, failed
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}
