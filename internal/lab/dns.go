package lab

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// resolver is the lab's name server: some faults are only to be had with a name
// that resolves, or does not. It answers over UDP and TCP on one port.
type resolver struct {
	addr  string
	names map[string]dnsAnswer // by fully qualified name in lower case

	mu  sync.Mutex
	ech map[string]service // likewise: the HTTPS record
}

// service is an HTTPS record with keys for encrypted hellos (RFC 9848).
type service struct {
	target dnsmessage.Name
	ech    []byte
}

// publish gives a port of a host an HTTPS record. Its target has to be named: the
// owner (RFC 9460, Section 9.1) has no address, and "." would stand for the owner.
func (r *resolver) publish(host, port string, list []byte) error {
	target, err := dnsmessage.NewName(host + ".")
	if err != nil {
		return fmt.Errorf("publishing keys: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ech["_"+port+"._https."+host+"."] = service{target, list}
	return nil
}

// dnsAnswer is what the name server has on one name.
type dnsAnswer struct {
	rcode dnsmessage.RCode
	addrs []netip.Addr
}

// startDNS brings the name server up. It knows the names of all endpoints,
// running or not.
func (l *Lab) startDNS() (*resolver, error) {
	own, err := netip.ParseAddr(l.opts.Addr)
	if err != nil {
		return nil, fmt.Errorf("starting the lab's name server: %w", err)
	}
	r := &resolver{names: map[string]dnsAnswer{}, ech: map[string]service{}}
	for _, e := range entries() {
		a := dnsAnswer{addrs: []netip.Addr{own}}
		if e.dns != nil {
			a = dnsAnswer{e.dns.rcode, slices.Clone(e.dns.addrs)}
			for i := range a.addrs {
				if !a.addrs[i].IsValid() {
					a.addrs[i] = own
				}
			}
		}
		r.names[e.Host+"."] = a
	}
	port := 0
	if l.opts.BasePort != 0 {
		port = l.opts.BasePort + dnsPort
	}
	// An ephemeral port that is free for UDP may be taken for TCP: try again.
	for try := 0; ; try++ {
		udp, err := net.ListenPacket("udp", net.JoinHostPort(l.opts.Addr, strconv.Itoa(port)))
		if err != nil {
			return nil, fmt.Errorf("starting the lab's name server: %w", err)
		}
		tcp, err := l.listen(udp.LocalAddr().String())
		if err != nil {
			udp.Close()
			if port == 0 && try < 20 {
				continue
			}
			return nil, fmt.Errorf("starting the lab's name server: %w", err)
		}
		r.addr = tcp.Addr().String()
		l.serve(tcp, r.serveTCP)
		if l.track(udp) {
			l.wg.Go(func() { r.serveUDP(udp) })
		}
		return r, nil
	}
}

func (r *resolver) serveUDP(c net.PacketConn) {
	buf := make([]byte, 1<<12)
	for {
		n, peer, err := c.ReadFrom(buf)
		if err != nil {
			return
		}
		if out := r.answer(buf[:n]); out != nil {
			_, _ = c.WriteTo(out, peer)
		}
	}
}

func (r *resolver) serveTCP(_ context.Context, c *net.TCPConn) {
	for range 100 {
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		var size [2]byte
		if _, err := io.ReadFull(c, size[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(c, query); err != nil {
			return
		}
		out := r.answer(query)
		if out == nil {
			return
		}
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(out))), out...)); err != nil {
			return
		}
	}
}

// answer is nil for what is no query.
func (r *resolver) answer(query []byte) []byte {
	var p dnsmessage.Parser
	h, err := p.Start(query)
	if err != nil || h.Response {
		return nil
	}
	q, err := p.Question()
	if err != nil {
		return nil
	}
	name := strings.ToLower(q.Name.String())
	a, known := r.names[name]
	rcode := a.rcode
	r.mu.Lock()
	https, published := r.ech[name]
	r.mu.Unlock()
	if !known && !published {
		rcode = dnsmessage.RCodeNameError
	}
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{
		ID: h.ID, Response: true, Authoritative: true, RecursionDesired: h.RecursionDesired, RecursionAvailable: true, RCode: rcode,
	})
	b.EnableCompression()
	if b.StartQuestions() != nil || b.Question(q) != nil || b.StartAnswers() != nil {
		return nil
	}
	for _, ip := range a.addrs {
		rh := dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: 1}
		switch {
		case ip.Is4() && q.Type == dnsmessage.TypeA:
			err = b.AResource(rh, dnsmessage.AResource{A: ip.As4()})
		case ip.Is6() && q.Type == dnsmessage.TypeAAAA:
			err = b.AAAAResource(rh, dnsmessage.AAAAResource{AAAA: ip.As16()})
		}
		if err != nil {
			return nil
		}
	}
	if published && q.Type == dnsmessage.TypeHTTPS {
		record := dnsmessage.HTTPSResource{SVCBResource: dnsmessage.SVCBResource{Priority: 1, Target: https.target}}
		record.SetParam(dnsmessage.SVCParamECH, https.ech)
		if b.HTTPSResource(dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: 1}, record) != nil {
			return nil
		}
	}
	out, err := b.Finish()
	if err != nil {
		return nil
	}
	return out
}
