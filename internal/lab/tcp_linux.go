package lab

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// boundSocket is a TCP socket with an address that does not listen: nobody else
// can have the port, and whoever connects gets RST.
func boundSocket(addr string) (fd int, at netip.AddrPort, err error) {
	ap, err := netip.ParseAddrPort(addr)
	if err != nil {
		return -1, at, fmt.Errorf("reading the address: %w", err)
	}
	var sa syscall.Sockaddr = &syscall.SockaddrInet6{Port: int(ap.Port()), Addr: ap.Addr().As16()}
	family := syscall.AF_INET6
	if ip := ap.Addr().Unmap(); ip.Is4() {
		family, sa = syscall.AF_INET, &syscall.SockaddrInet4{Port: int(ap.Port()), Addr: ip.As4()}
	}
	fd, err = syscall.Socket(family, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		return -1, at, os.NewSyscallError("socket", err)
	}
	if err := syscall.Bind(fd, sa); err != nil {
		syscall.Close(fd)
		return -1, at, os.NewSyscallError("bind", err)
	}
	got, err := syscall.Getsockname(fd)
	if err != nil {
		syscall.Close(fd)
		return -1, at, os.NewSyscallError("getsockname", err)
	}
	switch a := got.(type) {
	case *syscall.SockaddrInet4:
		at = netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
	case *syscall.SockaddrInet6:
		at = netip.AddrPortFrom(netip.AddrFrom16(a.Addr), uint16(a.Port))
	}
	return fd, at, nil
}

type rawSocket int

func (s rawSocket) Close() error { return os.NewSyscallError("close", syscall.Close(int(s))) }

// refusedUp is a port that nobody listens on.
func refusedUp(e *env) error {
	fd, at, err := boundSocket(e.nextAddr())
	if err != nil {
		return err
	}
	e.addr = at.String()
	e.lab.track(rawSocket(fd))
	return nil
}

// timeoutUp is a port whose queue of connections is full and never emptied:
// Linux drops the SYNs of those who come then.
func timeoutUp(e *env) error {
	fd, at, err := boundSocket(e.nextAddr())
	if err != nil {
		return err
	}
	e.lab.track(rawSocket(fd))
	if err := syscall.Listen(fd, 0); err != nil {
		return os.NewSyscallError("listen", err)
	}
	e.addr = at.String()
	for range 8 {
		c, err := net.DialTimeout("tcp", e.addr, 100*time.Millisecond)
		if err != nil {
			return nil //nolint:nilerr // the queue is full, which is what we want
		}
		e.lab.track(c)
	}
	return unavailable("the kernel takes connections beyond the queue's length")
}

// unreachableUp is an address that the kernel refuses to route TCP to, the
// broadcast address: the error is the one of a missing route, and no packet
// leaves the machine.
func unreachableUp(e *env) error {
	e.addr = "255.255.255.255:443"
	c, err := net.DialTimeout("tcp", e.addr, 100*time.Millisecond)
	if err == nil {
		c.Close()
		return unavailable("something answers at %s", e.addr)
	}
	return nil
}
