package report

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// ParseTarget reads a target in any form that people write one:
//
//	example.com  example.com:8443  https://example.com/x  192.0.2.1
//	[2001:db8::1]:443  2001:db8::1  smtp://mx.example.com  smtps://mx.example.com
//
// International names are accepted in Unicode and become A-labels (RFC 5891).
// SNI is the host, or nil for an address: RFC 6066, Section 3 allows no literal
// addresses in it.
func ParseTarget(input string) (Target, error) {
	t := Target{Input: input, Path: "/"}
	rest := strings.TrimSpace(input)
	if rest == "" {
		return t, errors.New("the target is empty")
	}
	svc, explicit := services[0], false
	if scheme, after, ok := strings.Cut(rest, "://"); ok {
		var known bool
		if svc, known = serviceByScheme(strings.ToLower(scheme)); !known {
			return t, fmt.Errorf("target %q: %w", input, unknownScheme(scheme))
		}
		rest, explicit = after, true
	}
	authority := rest
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority = rest[:i]
		path, err := requestPath(rest[i:])
		if err != nil {
			return t, fmt.Errorf("target %q: %w", input, err)
		}
		t.Path = path
	}
	if strings.Contains(authority, "@") {
		return t, fmt.Errorf("target %q: a user name or password has no place in a target", input)
	}
	host, port, err := ParseEndpoint(authority, 0)
	if err != nil {
		return t, fmt.Errorf("target %q: %w", input, err)
	}
	switch {
	case port == 0:
		port = svc.port
	case !explicit:
		svc = implicitService(port)
	}
	t.Host, t.Port, t.StartTLS, t.Service = host, port, svc.starttls, svc.protocol
	if !t.IsAddress() {
		t.SNI = &t.Host
	}
	return t, nil
}

func unknownScheme(scheme string) error {
	switch strings.ToLower(scheme) {
	case "http", "ws":
		return fmt.Errorf("%s:// is without TLS, write https://", scheme)
	}
	return fmt.Errorf("scheme %q is not known", scheme)
}

// requestPath is the path and query of a request for what follows the
// authority of a URL; a fragment is never sent (RFC 9110, Section 7.1).
func requestPath(s string) (string, error) {
	s, _, _ = strings.Cut(s, "#")
	if !strings.HasPrefix(s, "/") {
		s = "/" + s
	}
	u, err := url.ParseRequestURI(s)
	if err != nil {
		return "", errors.New("the path is not that of a URL")
	}
	u.RawQuery = escapeQuery(u.RawQuery)
	return u.RequestURI(), nil
}

// escapeQuery escapes the bytes that no query has (RFC 3986, Section 3.4) and
// net/url lets through. A space among them would end the request's target.
func escapeQuery(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`"<>`, c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// ParseEndpoint reads HOST, HOST:PORT, ADDRESS or [ADDRESS]:PORT. The port is
// defaultPort where none is given. Host comes back in lower case, as A-labels,
// without brackets and without the root's dot.
func ParseEndpoint(s string, defaultPort uint16) (host string, port uint16, err error) {
	host, portText, hasPort, err := splitPort(s)
	if err != nil {
		return "", 0, err
	}
	port = defaultPort
	if hasPort {
		n, err := strconv.ParseUint(portText, 10, 32)
		if err != nil && !errors.Is(err, strconv.ErrRange) || strings.HasPrefix(portText, "+") {
			return "", 0, fmt.Errorf("port %q is not a number", portText)
		}
		if n < 1 || n > 65535 || err != nil {
			return "", 0, fmt.Errorf("port %s is out of range, ports are 1 to 65535", portText)
		}
		port = uint16(n)
	}
	host, err = normalHost(host)
	return host, port, err
}

// splitPort tells host from port. A literal IPv6 address may stand without
// brackets where no port follows.
func splitPort(s string) (host, port string, hasPort bool, err error) {
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return "", "", false, errors.New("a ] is missing")
		}
		host = s[1:end]
		if a, err := netip.ParseAddr(host); err != nil || !a.Is6() {
			return "", "", false, fmt.Errorf("%q in brackets is not an IPv6 address", host)
		}
		switch after := s[end+1:]; {
		case after == "":
			return host, "", false, nil
		case after[0] == ':':
			return host, after[1:], true, nil
		}
		return "", "", false, errors.New("only :PORT can follow the ]")
	}
	if strings.Count(s, ":") > 1 {
		if _, err := netip.ParseAddr(s); err == nil {
			return s, "", false, nil
		}
		return "", "", false, errors.New("an IPv6 address with a port needs brackets, as in [2001:db8::1]:443")
	}
	host, port, hasPort = strings.Cut(s, ":")
	return host, port, hasPort, nil
}

// lookup is the profile of UTS #46 for names that are looked up. Underscores
// and hyphens in the third and fourth place are let through: names in use have
// them, and a server may well answer.
var lookup = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false), idna.StrictDomainName(false), idna.CheckHyphens(false))

func normalHost(s string) (string, error) {
	if s == "" {
		return "", errors.New("the host is missing")
	}
	if a, err := netip.ParseAddr(s); err == nil {
		// netip takes any zone; the names of interfaces are tamer.
		if strings.ContainsFunc(a.Zone(), func(r rune) bool { return !unicode.In(r, unicode.L, unicode.Nd) && !strings.ContainsRune("-_.:", r) }) {
			return "", errors.New("the zone of the address is not the name of an interface")
		}
		return a.String(), nil
	}
	name, err := lookup.ToASCII(strings.TrimSuffix(s, "."))
	if err != nil {
		return "", errors.New("this is not a host name")
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if len(name) > 253 {
		return "", errors.New("the host name is longer than 253 characters")
	}
	labels := strings.Split(name, ".")
	for _, label := range labels {
		if err := checkLabel(label); err != nil {
			return "", fmt.Errorf("this is not a host name: %w", err)
		}
	}
	// A last label of digits is an IPv4 address gone wrong, not a name: there are
	// no such top-level domains (RFC 3696, Section 2).
	if strings.Trim(labels[len(labels)-1], "0123456789") == "" {
		return "", errors.New("this is neither a name nor an IPv4 address")
	}
	return name, nil
}

func checkLabel(label string) error {
	switch {
	case label == "":
		return errors.New("a label is empty")
	case len(label) > 63:
		return errors.New("a label is longer than 63 characters")
	case label[0] == '-' || label[len(label)-1] == '-':
		return errors.New("a label begins or ends with a hyphen")
	}
	for i := range len(label) {
		switch c := label[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return fmt.Errorf("%q cannot stand in one", c)
		}
	}
	return nil
}

// Dial says where to connect: to an address, or to those of the host that is
// returned then, at the port of addr. connect stands for the target's host if it
// is not empty, connectPort for its port if it is not 0. With a proxy, the
// target's own name is left to it: addr is invalid but for the port, and there is
// nothing to resolve.
func (t Target) Dial(connect string, connectPort uint16, proxied bool) (addr netip.AddrPort, host string) {
	host, port := t.Host, t.Port
	if connect != "" {
		host = connect
		if connectPort != 0 {
			port = connectPort
		}
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case err == nil, proxied && connect == "":
		return netip.AddrPortFrom(ip, port), "" // no address: the proxy resolves, this machine may know no name at all
	}
	return netip.AddrPortFrom(netip.Addr{}, port), host
}

// IsAddress reports whether the host is a literal address.
func (t Target) IsAddress() bool {
	_, err := netip.ParseAddr(t.Host)
	return err == nil
}

// HostPort is host and port as dialled and shown: "[2001:db8::1]:443".
func (t Target) HostPort() string {
	return net.JoinHostPort(t.Host, strconv.Itoa(int(t.Port)))
}

// String is the target in the shortest form that ParseTarget reads as the same
// service: "example.com:443", "smtp://mx.example.com:25".
func (t Target) String() string {
	if t.StartTLS == "" {
		if implicitService(t.Port).protocol == t.Service || t.Service == "" {
			return t.HostPort()
		}
	}
	for _, s := range services {
		if s.starttls == t.StartTLS && s.protocol == t.Service {
			return s.scheme + "://" + t.HostPort()
		}
	}
	return t.HostPort()
}

// UnicodeHost is the host as its owner writes it, for display beside Host. It
// is Host itself where there is no difference.
func (t Target) UnicodeHost() string {
	if !strings.Contains(t.Host, "xn--") {
		return t.Host
	}
	u, err := lookup.ToUnicode(t.Host)
	if err != nil {
		return t.Host
	}
	return u
}
