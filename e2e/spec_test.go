//go:build linux

package e2e

import (
	"slices"
	"strings"
)

// spec describes an endpoint in words that most server software shares. Each software takes what it can express;
// its function fails the test on what it cannot, so that no row silently tests something else.
type spec struct {
	cert    string    // identity; "rsa" if empty
	second  string    // a further identity: dual certificates, or the other virtual host
	min     string    // "ssl3", "1.0" … "1.3"; default "1.2"
	max     string    // default "1.3"
	ciphers string    // suites up to TLS 1.2, in the software's own spelling
	suites  string    // suites of TLS 1.3
	groups  string    // key-exchange groups, in the software's own spelling
	sigalgs string    // signature algorithms
	dh      string    // bits of the Diffie-Hellman group
	clients string    // client certificates: "", "optional", "require"
	alpn    []string  // application protocols
	weak    bool      // OpenSSL's security level 0, or the JDK's disabledAlgorithms emptied
	plain   bool      // no TLS at all
	lines   string    // further lines in the software's own language
	trick   string    // a variation of this software alone, see its function
	wrap    bool      // mail, LDAP: TLS from the first byte instead of STARTTLS
	proto   string    // mail: imap or pop3
	behind  []backend // middleboxes and balancers: the servers behind
}

type backend struct {
	server string
	spec   spec
}

var versionOrder = []string{"ssl3", "1.0", "1.1", "1.2", "1.3"}

// versions lists what is enabled, oldest first.
func (s spec) versions() []string {
	lo, hi := s.min, s.max
	if lo == "" {
		lo = "1.2"
		if hi != "" && slices.Index(versionOrder, hi) < slices.Index(versionOrder, lo) {
			lo = hi
		}
	}
	if hi == "" {
		hi = "1.3"
	}
	return versionOrder[slices.Index(versionOrder, lo) : slices.Index(versionOrder, hi)+1]
}

// names maps the versions to a software's spelling of them.
func (s spec) names(spelling map[string]string) []string {
	var out []string
	for _, v := range s.versions() {
		out = append(out, spelling[v])
	}
	return out
}

var (
	opensslNames = map[string]string{"ssl3": "SSLv3", "1.0": "TLSv1", "1.1": "TLSv1.1", "1.2": "TLSv1.2", "1.3": "TLSv1.3"}
	haproxyNames = map[string]string{"ssl3": "SSLv3", "1.0": "TLSv1.0", "1.1": "TLSv1.1", "1.2": "TLSv1.2", "1.3": "TLSv1.3"}
	gnutlsNames  = map[string]string{"ssl3": "VERS-SSL3.0", "1.0": "VERS-TLS1.0", "1.1": "VERS-TLS1.1", "1.2": "VERS-TLS1.2", "1.3": "VERS-TLS1.3"}
)

func (s spec) certName() string {
	if s.cert == "" {
		return "rsa"
	}
	return s.cert
}

// cipherString is the OpenSSL cipher list with the security level that the row needs.
func (s spec) cipherString(def string) string {
	c := s.ciphers
	if c == "" {
		c = def
		if s.weak {
			c = "ALL:!aNULL:!eNULL"
		}
	}
	if s.weak && !strings.Contains(c, "@SECLEVEL") {
		c += ":@SECLEVEL=0"
	}
	return c
}

// lineIf returns the line, or nothing where the value is empty; "{}" stands for the value.
func lineIf(value, line string) string {
	if value == "" {
		return ""
	}
	return strings.ReplaceAll(line, "{}", value) + "\n"
}
