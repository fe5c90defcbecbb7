//go:build !linux

package lab

import "net"

// refusedUp finds a port that nobody listens on and cannot hold on to it.
func refusedUp(e *env) error {
	ln, err := net.Listen("tcp", e.nextAddr())
	if err != nil {
		return err
	}
	e.addr = ln.Addr().String()
	return ln.Close()
}

func timeoutUp(*env) error {
	return unavailable("a full queue drops SYNs on Linux only")
}

func unreachableUp(*env) error {
	return unavailable("an address without route is to be had on Linux only")
}

func segmentsUp(*env) error {
	return unavailable("segments are counted on Linux only")
}
