package env

import (
	"strconv"
	"strings"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// parseProperties reads a file as java.util.Properties does, as far as security
// files use it: comments, escapes, lines that go on after a backslash.
func parseProperties(text, file string) []Setting {
	var out []Setting
	var logical strings.Builder
	n, first := 0, 0
	for row := range strings.SplitSeq(text, "\n") {
		n++
		row = strings.TrimLeft(strings.TrimSuffix(row, "\r"), " \t\f")
		if logical.Len() == 0 {
			if row == "" || row[0] == '#' || row[0] == '!' {
				continue
			}
			first = n
		}
		if body, more := continued(row); more {
			if logical.Len()+len(body) < maxExpanded {
				logical.WriteString(body)
			}
			continue
		}
		logical.WriteString(row)
		if name, value := splitProperty(logical.String()); name != "" && len(out) < 10_000 {
			out = append(out, Setting{Name: name, Value: value, File: file, Line: first})
		}
		logical.Reset()
	}
	return out
}

// splitProperty: the name ends at the first unescaped "=", ":" or space.
func splitProperty(s string) (name, value string) {
	var b strings.Builder
	i := 0
	for ; i < len(s); i++ {
		c := s[i]
		if c == '\\' && i+1 < len(s) {
			i++
			b.WriteByte(s[i])
			continue
		}
		if c == '=' || c == ':' || c == ' ' || c == '\t' {
			break
		}
		b.WriteByte(c)
	}
	value = strings.TrimLeft(s[i:], " \t")
	if value != "" && (value[0] == '=' || value[0] == ':') {
		value = strings.TrimLeft(value[1:], " \t")
	}
	return b.String(), strings.ReplaceAll(value, `\\`, `\`)
}

// lastProperty is the one that counts.
func lastProperty(all []Setting, name string) (Setting, bool) {
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Name == name {
			return all[i], true
		}
	}
	return Setting{}, false
}

// disabled is a list such as jdk.tls.disabledAlgorithms.
type disabled struct {
	names    []string // TLSv1, RC4, TLS_RSA_*, …
	dh, rsa  int      // keySize < n
	sha1     bool     // no certificate under a public root signed with SHA-1
	sha1Hand bool     // not in the handshake
}

func readDisabled(value string) disabled {
	var d disabled
	for item := range strings.SplitSeq(value, ",") {
		words := strings.Fields(item)
		if len(words) == 0 {
			continue
		}
		name, rest := words[0], strings.Join(words[1:], " ")
		bits := 0
		if after, ok := strings.CutPrefix(rest, "keySize < "); ok {
			bits, _ = strconv.Atoi(strings.Fields(after + " 0")[0])
		}
		switch {
		case bits > 0 && (name == "DH" || name == "DiffieHellman"):
			d.dh = bits
		case bits > 0 && name == "RSA":
			d.rsa = bits
		case name == "SHA1" && !strings.Contains(rest, "SignedJAR"):
			d.sha1 = true
		case strings.HasSuffix(name, "_sha1") && strings.Contains(rest, "HandshakeSignature"):
			d.sha1Hand = true
		case rest == "":
			d.names = append(d.names, name)
		}
	}
	return d
}

// version says whether a version of TLS is disabled.
func (d disabled) version(v wire.Version) bool {
	for _, n := range d.names {
		if strings.HasPrefix(n, "DTLS") {
			continue
		}
		if x, ok := wire.ParseVersion(n); ok && x == v {
			return true
		}
	}
	return false
}

// suite says whether a suite is: by its own name, by a pattern, by its key
// exchange or its cipher.
func (d disabled) suite(c wire.CipherSuite) bool {
	name := c.String()
	info, _ := c.Info()
	for _, n := range d.names {
		switch {
		case n == name:
			return true
		case strings.HasSuffix(n, "*") && strings.HasPrefix(n, "TLS_") && strings.HasPrefix(name, n[:len(n)-1]):
			return true
		}
		switch n {
		case "RC4":
			if info.Cipher == wire.CipherRC4 {
				return true
			}
		case "DES":
			if info.Cipher == wire.CipherDES {
				return true
			}
		case "3DES_EDE_CBC", "DESede":
			if info.Cipher == wire.Cipher3DES {
				return true
			}
		case "NULL":
			if info.Cipher == wire.CipherNull && !c.IsSignalling() {
				return true
			}
		case "anon":
			if info.Authentication == wire.AuthAnon {
				return true
			}
		case "ECDH":
			if info.KeyExchange == wire.KXECDH {
				return true
			}
		case "DHE", "DH":
			if info.KeyExchange == wire.KXDHE {
				return true
			}
		case "ECDHE":
			if info.KeyExchange == wire.KXECDHE {
				return true
			}
		case "RSA":
			if info.KeyExchange == wire.KXRSA {
				return true
			}
		}
	}
	return false
}
