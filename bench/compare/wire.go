//go:build linux

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// wireWork is what was seen on the wire of one run.
type wireWork struct {
	Connections int // SYNs of different connections
	Hellos      int // connections on which the client sent a ClientHello
	Finished    int // connections on which the client sent its Finished
	Resets      int // connections that the client reset
}

// wiretap collects the TCP segments of one server port. The kernel queues them
// while a program runs; they are read when it is over, so that counting does not
// take time from what is measured.
type wiretap struct{ fd int }

// tap opens a wiretap on an interface.
func tap(iface string, port int) (*wiretap, error) {
	ifi, err := net.InterfaceByName(iface)
	if err != nil {
		return nil, fmt.Errorf("looking at %s: %w", iface, err)
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("opening a packet socket: %w", err)
	}
	w := &wiretap{fd}
	p := uint32(port)
	// IPv4, TCP, no fragment, from or to the port.
	prog := []unix.SockFilter{
		{Code: 0x28, K: 12},
		{Code: 0x15, Jf: 10, K: 0x0800},
		{Code: 0x30, K: 23},
		{Code: 0x15, Jf: 8, K: 6},
		{Code: 0x28, K: 20},
		{Code: 0x45, Jt: 6, K: 0x1fff},
		{Code: 0xb1, K: 14},
		{Code: 0x48, K: 14},
		{Code: 0x15, Jt: 2, K: p},
		{Code: 0x48, K: 16},
		{Code: 0x15, Jf: 1, K: p},
		{Code: 0x6, K: 1 << 18},
		{Code: 0x6, K: 0},
	}
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 64<<20),
		unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(prog)), Filter: &prog[0]}),
		unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: htons(unix.ETH_P_ALL), Ifindex: ifi.Index}),
	)
	if err != nil {
		w.close()
		return nil, fmt.Errorf("listening on %s: %w", iface, err)
	}
	return w, nil
}

func htons(v uint16) uint16 { return v<<8 | v>>8 }

func (w *wiretap) close() { _ = unix.Close(w.fd) }

// flow is one connection, by the client's port.
type flow struct {
	syn, hello, finished, reset bool
	next                        uint32 // sequence number that is expected next
	stream                      []byte // of records not yet complete
	afterCCS                    bool
}

// read returns what was collected so far, once nothing more came for a moment.
func (w *wiretap) read(port int, settle time.Duration) wireWork {
	flows := map[uint16]*flow{}
	buf := make([]byte, 1<<18)
	for until := time.Now().Add(settle); ; {
		n, from, err := unix.Recvfrom(w.fd, buf, 0)
		if err != nil {
			if time.Now().After(until) {
				break
			}
			time.Sleep(2 * time.Millisecond)
			continue
		}
		// On the loopback interface each segment is seen as it leaves and as it
		// arrives.
		if ll, ok := from.(*unix.SockaddrLinklayer); ok && ll.Pkttype == unix.PACKET_OUTGOING {
			segment(flows, buf[:n], port)
		}
	}
	var sum wireWork
	for _, f := range flows {
		for _, x := range []struct {
			is bool
			n  *int
		}{{f.syn, &sum.Connections}, {f.hello, &sum.Hellos}, {f.finished, &sum.Finished}, {f.reset, &sum.Resets}} {
			if x.is {
				*x.n++
			}
		}
	}
	return sum
}

// segment takes one frame from the client to the server.
func segment(flows map[uint16]*flow, b []byte, port int) {
	const eth = 14
	if len(b) < eth+20 {
		return
	}
	ip := b[eth:]
	ihl, total := int(ip[0]&15)*4, int(binary.BigEndian.Uint16(ip[2:]))
	if total == 0 || total > len(ip) || total < ihl+20 {
		return
	}
	tcp := ip[ihl:total]
	src, dst := binary.BigEndian.Uint16(tcp), int(binary.BigEndian.Uint16(tcp[2:]))
	if dst != port {
		return
	}
	seq, flags, off := binary.BigEndian.Uint32(tcp[4:]), tcp[13], int(tcp[12]>>4)*4
	f := flows[src]
	if f == nil {
		f = &flow{}
		flows[src] = f
	}
	if flags&2 != 0 {
		f.syn, f.next = true, seq+1
		return
	}
	f.reset = f.reset || flags&4 != 0
	if off > len(tcp) || seq != f.next {
		return // sent again: there is no loss on these links
	}
	f.next += uint32(len(tcp) - off)
	f.records(tcp[off:])
}

// records follows the client's records.
func (f *flow) records(b []byte) {
	f.stream = append(f.stream, b...)
	for len(f.stream) >= 5 {
		n := 5 + int(binary.BigEndian.Uint16(f.stream[3:]))
		if len(f.stream) < n {
			return
		}
		r := f.stream[5:n]
		switch f.stream[0] {
		case 20:
			f.afterCCS = true
		case 22:
			if isHello(r) {
				f.hello = true
			} else if f.afterCCS { // TLS 1.2: Finished
				f.finished = true
			}
		case 23:
			// TLS 1.3: all that is encrypted looks alike. An alert has 19 bytes, a
			// Finished 53 at least (RFC 8446, Sections 4.4.4 and 5.2).
			f.finished = f.finished || len(r) >= 4+32+1+16
		}
		f.stream = f.stream[n:]
	}
}

// isHello tells a ClientHello in clear, also the second one that comes behind a
// ChangeCipherSpec, from an encrypted record.
func isHello(r []byte) bool {
	return len(r) > 4 && r[0] == 1 && int(r[1])<<16|int(r[2])<<8|int(r[3]) == len(r)-4
}
