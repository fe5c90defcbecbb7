package trust

import (
	"net/netip"
	"strings"
)

// nameKind is the choice of a GeneralName (RFC 5280, Section 4.2.1.6).
type nameKind uint8

const (
	nameOther nameKind = iota
	nameEmail
	nameDNS
	nameDirectory
	nameURI
	nameIP
)

type generalName struct {
	kind nameKind
	text string
	ip   netip.Addr
	dn   Name
	raw  []byte // body
}

// parseGeneralNames reads a SEQUENCE OF GeneralName.
func parseGeneralNames(d *der) (names []generalName, good bool) {
	good = true
	ok := eachElement(d, func(in *der) bool {
		e, ok := in.any()
		if !ok {
			return false
		}
		n := parseGeneralName(e)
		if n.kind == nameIP && !n.ip.IsValid() {
			good = false
			return true
		}
		names = append(names, n)
		return true
	})
	return names, good && ok
}

func parseGeneralName(e element) generalName {
	n := generalName{raw: e.body}
	switch e.tag {
	case contextTag(1, false):
		n.kind, n.text = nameEmail, latin(e.body)
	case contextTag(2, false):
		n.kind, n.text = nameDNS, latin(e.body)
	case contextTag(4, true):
		n.kind = nameDirectory
		if seq, ok := e.inner().sequence(); ok {
			n.dn = parseName(seq, "directory name")
		}
	case contextTag(6, false):
		n.kind, n.text = nameURI, latin(e.body)
	case contextTag(7, false):
		n.kind = nameIP
		n.ip, _ = netip.AddrFromSlice(e.body)
	}
	if (n.kind == nameDNS || n.kind == nameEmail || n.kind == nameURI) && !ascii(n.text) {
		e.odd.add("subjectAltName holds a string that is not ASCII")
	}
	return n
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0
}

// NameConstraints of RFC 5280, Section 4.2.1.10.
type NameConstraints struct {
	Permitted, Excluded NameSubtrees
}

// NameSubtrees holds the bases of one side of the constraints.
type NameSubtrees struct {
	DNS   []string
	IP    []netip.Prefix
	Email []string
	URI   []string
	// Directory names restrict the subject; they are compared as a prefix.
	Directory []Name
	// Other counts bases of kinds that TLS clients do not compare.
	Other int
}

func parseNameConstraints(d *der) (*NameConstraints, bool) {
	seq, ok := d.sequence()
	if !ok {
		return nil, false
	}
	nc := &NameConstraints{}
	good := true
	in := seq.inner()
	for !in.empty() {
		e, ok := in.any()
		if !ok {
			return nc, false
		}
		switch e.tag {
		case contextTag(0, true):
			good = nc.Permitted.read(e.inner()) && good
		case contextTag(1, true):
			good = nc.Excluded.read(e.inner()) && good
		default:
			good = false
		}
	}
	return nc, good
}

func (s *NameSubtrees) read(in *der) bool {
	for n := 0; !in.empty(); n++ {
		sub, ok := in.sequence()
		if !ok || n == maxListed {
			return false
		}
		base, ok := sub.inner().any()
		if !ok {
			return false
		}
		if base.tag == contextTag(7, false) {
			p, ok := ipSubnet(base.body)
			if !ok {
				return false
			}
			s.IP = append(s.IP, p)
			continue
		}
		switch g := parseGeneralName(base); g.kind {
		case nameDNS:
			s.DNS = append(s.DNS, g.text)
		case nameEmail:
			s.Email = append(s.Email, g.text)
		case nameURI:
			s.URI = append(s.URI, g.text)
		case nameDirectory:
			s.Directory = append(s.Directory, g.dn)
		default:
			s.Other++
		}
	}
	return true
}

// ipSubnet reads an address and a mask; masks that are no prefix are refused,
// as Go and NSS do.
func ipSubnet(b []byte) (netip.Prefix, bool) {
	if len(b) != 8 && len(b) != 32 {
		return netip.Prefix{}, false
	}
	addr, _ := netip.AddrFromSlice(b[:len(b)/2])
	bits, ended := 0, false
	for _, c := range b[len(b)/2:] {
		for i := 7; i >= 0; i-- {
			switch {
			case c&(1<<i) == 0:
				ended = true
			case ended:
				return netip.Prefix{}, false
			default:
				bits++
			}
		}
	}
	return netip.PrefixFrom(addr, bits).Masked(), true
}
