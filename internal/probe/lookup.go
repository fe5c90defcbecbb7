package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/tlswhy/tlswhy/internal/transcript"
)

// lookup answers one DNS question.
func (p *Prober) lookup(ctx context.Context, l *transcript.Lookup, t *transcript.Transcript) error {
	qtype := dns.TypeA
	if l.Type != "ADDR" {
		var ok bool
		if qtype, ok = dns.StringToType[strings.ToUpper(l.Type)]; !ok {
			return fmt.Errorf("looking up %s: no record type %q", l.Name, l.Type)
		}
	}
	p.begin(t)
	ctx, cancel := context.WithTimeout(ctx, p.o.Timeout)
	defer cancel()
	if l.Type == "ADDR" {
		t.Found = p.addresses(ctx, l.Name)
	} else {
		t.Found = p.query(ctx, l.Name, qtype)
	}
	t.Outcome.Kind = transcript.Complete
	if t.Found.Code == codeTimeout {
		t.Outcome.Kind = transcript.Silent
	}
	t.Outcome.Detail = t.Found.Error
	return nil
}

// codeTimeout stands for an answer that did not come.
const codeTimeout = "TIMEOUT"

// addresses finds all addresses of a name, in both families.
func (p *Prober) addresses(ctx context.Context, name string) *transcript.Found {
	if a, err := netip.ParseAddr(name); err == nil {
		return &transcript.Found{Addresses: []netip.Addr{a.Unmap()}, Code: "NOERROR"}
	}
	if p.o.Resolver != "" {
		return p.addressesFrom(ctx, name)
	}
	as, err := net.DefaultResolver.LookupNetIP(ctx, "ip", name)
	f := &transcript.Found{Code: "NOERROR"}
	for _, a := range as {
		if a = a.Unmap(); !slices.Contains(f.Addresses, a) {
			f.Addresses = append(f.Addresses, a)
		}
	}
	if err == nil {
		return f
	}
	f.Error = reasonDNS(err)
	f.Code = "SERVFAIL"
	var de *net.DNSError
	switch {
	case errors.As(err, &de) && de.IsTimeout, errors.Is(err, context.DeadlineExceeded):
		f.Code = codeTimeout
	case errors.As(err, &de) && de.IsNotFound:
		// The resolver does not tell a name that is not there from one without
		// addresses: its servers do.
		f.Code = "NXDOMAIN"
		if q := p.query(ctx, name, dns.TypeA); q.Code == "NOERROR" {
			f.Code, f.Error = "NOERROR", "the name exists and has no addresses"
		}
	}
	return f
}

func reasonDNS(err error) string {
	var de *net.DNSError
	if errors.As(err, &de) {
		return de.Err
	}
	return err.Error()
}

// addressesFrom asks the chosen server for both families at once.
func (p *Prober) addressesFrom(ctx context.Context, name string) *transcript.Found {
	six := make(chan *transcript.Found, 1)
	go func() { six <- p.query(ctx, name, dns.TypeAAAA) }()
	v4 := p.query(ctx, name, dns.TypeA)
	v6 := <-six
	f := &transcript.Found{Addresses: append(v4.Addresses, v6.Addresses...), Code: "NOERROR"}
	for _, q := range []*transcript.Found{v6, v4} {
		if q.Code != "NOERROR" {
			f.Error = q.Error
			if len(f.Addresses) == 0 {
				f.Code = q.Code
			}
		}
	}
	if f.Code == "NOERROR" && len(f.Addresses) == 0 {
		f.Error = "the name exists and has no addresses"
	}
	return f
}

// servers are those to ask: the one chosen, or the system's.
func (p *Prober) servers() ([]string, error) {
	if p.o.Resolver != "" {
		if _, _, err := net.SplitHostPort(p.o.Resolver); err == nil {
			return []string{p.o.Resolver}, nil
		}
		return []string{net.JoinHostPort(strings.Trim(p.o.Resolver, "[]"), "53")}, nil
	}
	c, err := dns.ClientConfigFromFile("/etc/resolv.conf")
	if err != nil {
		return nil, fmt.Errorf("finding the system's DNS servers: %w", err)
	}
	var out []string
	for _, s := range c.Servers {
		out = append(out, net.JoinHostPort(s, c.Port))
	}
	if len(out) == 0 {
		return nil, errors.New("the system names no DNS server")
	}
	return out, nil
}

// dnsTry is how long one server is waited for before it is asked again or the
// next one is: a lost datagram costs that much.
const dnsTry = 2 * time.Second

// query asks for one type of record.
func (p *Prober) query(ctx context.Context, name string, qtype uint16) *transcript.Found {
	servers, err := p.servers()
	if err != nil {
		return &transcript.Found{Code: "SERVFAIL", Error: err.Error()}
	}
	m := new(dns.Msg)
	m.SetQuestion(dns.Fqdn(name), qtype)
	m.SetEdns0(1232, false)
	last := &transcript.Found{Code: codeTimeout, Error: "no DNS server answers"}
	for range 2 {
		for _, s := range servers {
			r, err := exchange(ctx, m, s)
			if err != nil {
				if ctx.Err() != nil {
					return &transcript.Found{Code: codeTimeout, Error: "no answer of " + s + " in time"}
				}
				last = &transcript.Found{Code: codeTimeout, Error: s + ": " + systemReason(err)}
				continue
			}
			f := fromAnswer(r, qtype)
			if f.Code == "SERVFAIL" || f.Code == "REFUSED" {
				last = f // another server may know better
				continue
			}
			return f
		}
		if last.Code != codeTimeout {
			break
		}
	}
	return last
}

// exchange asks over UDP and, if the answer was cut, over TCP.
func exchange(ctx context.Context, m *dns.Msg, server string) (*dns.Msg, error) {
	for _, network := range []string{"udp", "tcp"} {
		c := &dns.Client{Net: network, Timeout: dnsTry}
		r, _, err := c.ExchangeContext(ctx, m.Copy(), server)
		if err != nil {
			return nil, err
		}
		if !r.Truncated || network == "tcp" {
			return r, nil
		}
	}
	return nil, errors.New("unreachable")
}

// fromAnswer takes the records of the type asked for.
func fromAnswer(r *dns.Msg, qtype uint16) *transcript.Found {
	f := &transcript.Found{Code: dns.RcodeToString[r.Rcode]}
	if f.Code == "" {
		f.Code = fmt.Sprintf("RCODE%d", r.Rcode)
	}
	if f.Code != "NOERROR" {
		f.Error = "the DNS server answers " + f.Code
	}
	for _, rr := range r.Answer {
		if rr.Header().Rrtype != qtype {
			continue
		}
		switch rr := rr.(type) {
		case *dns.A:
			if a, ok := netip.AddrFromSlice(rr.A.To4()); ok {
				f.Addresses = append(f.Addresses, a)
			}
		case *dns.AAAA:
			if a, ok := netip.AddrFromSlice(rr.AAAA); ok {
				f.Addresses = append(f.Addresses, a)
			}
		}
		f.Records = append(f.Records, strings.TrimPrefix(rr.String(), rr.Header().String()))
	}
	return f
}
