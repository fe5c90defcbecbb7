package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tlswhy/tlswhy/internal/survey"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// strength sorts suites for people: what a suite is good for, and not which
// attack is named after it.
type strength int

const (
	strong       strength = iota // forward secrecy and an AEAD
	cbcOnly                      // forward secrecy, CBC
	keyTransport                 // no forward secrecy
	weak                         // no encryption, no authentication, or a cipher that is broken
)

var strengthNames = [...]string{strong: "strong", cbcOnly: "older (CBC)", keyTransport: "no forward secrecy", weak: "weak"}

// strengthWhy says what the word means, for who asks for details.
var strengthWhy = [...]string{
	strong:       "forward secrecy and authenticated encryption",
	cbcOnly:      "forward secrecy, but CBC mode",
	keyTransport: "who gets the server's key later reads what was recorded now",
	weak:         "a cipher that is broken or too short, or no encryption or no authentication at all",
}

var strengthGrades = [...]grade{strong: gradeGood, cbcOnly: gradeFair, keyTransport: gradePoor, weak: gradeBad}

func strengthOf(x wire.CipherSuite) strength {
	i, ok := x.Info()
	switch {
	case !ok:
		return weak
	case i.Null, i.Export, i.Anonymous, i.KeyBits < 112, i.MAC == wire.MACMD5:
		return weak
	case slices.Contains([]wire.Cipher{wire.CipherRC2, wire.CipherRC4, wire.CipherDES, wire.Cipher3DES, wire.CipherIDEA, wire.CipherFortezza}, i.Cipher):
		return weak
	case i.KeyExchange == wire.KXTLS13:
		return strong
	case !i.ForwardSecret:
		return keyTransport
	case !i.AEAD:
		return cbcOnly
	}
	return strong
}

// suiteFacts tells of the suites of each version, newest first. Versions with
// the same suites share a fact.
func suiteFacts(s *survey.Survey) []fact {
	var all []fact
	for i := 0; i < len(s.Versions); {
		v := s.Versions[i]
		x := s.Suites[v.String()]
		n := 1
		for i+n < len(s.Versions) && sameSuites(x, s.Suites[s.Versions[i+n].String()]) {
			n++
		}
		f := fact{Label: v.String()}
		if n > 1 {
			f.Label = v.String() + " …"
			if last := s.Versions[i+n-1].String(); n == 2 {
				f.Label = v.String() + ", " + strings.TrimPrefix(last, "TLS ")
			}
		}
		f.Rows = suiteRows(v, s.Versions[i:i+n], x)
		all = append(all, f)
		i += n
	}
	return all
}

func sameSuites(a, b transcript.SuiteFacts) bool {
	return len(a.List) > 0 && a.Order == b.Order && slices.Equal(a.List, b.List) && slices.Equal(a.ListSSL2, b.ListSSL2) && a.Complete == b.Complete
}

func suiteRows(v wire.Version, all []wire.Version, x transcript.SuiteFacts) [][]part {
	n := len(x.List) + len(x.ListSSL2)
	if n == 0 {
		return [][]part{{{gradeNone, "which suites is not known"}}}
	}
	head := []part{}
	if old(v) {
		head = append(head, part{gradeBad, "obsolete"}, part{gradeSoft, " · "})
	}
	if len(all) > 2 {
		head = append(head, part{gradeNone, strings.Join(names(all), ", ") + " alike: "})
	}
	head = append(head, part{gradeNone, count(n, "suite")})
	if order := orderWords(x.Order, n); order != "" {
		head = append(head, part{gradeNone, ", " + order})
	}
	if x.Order == transcript.ServerOrder && len(x.List) > 1 {
		head = append(head, part{gradeNone, ", first " + firstName(x.List[0])})
	}
	if x.ChaChaFirst == transcript.Yes {
		head = append(head, part{gradeNone, "; ChaCha20 for clients that prefer it"})
	}
	if !x.Complete {
		head = append(head, part{gradePoor, ", not all were asked for"})
	}
	rows := [][]part{head}
	if few := fewSuites(v, x); few != nil && len(all) == 1 && !old(v) {
		return [][]part{append(few, part{gradeSoft, suffix(x, n)})}
	}
	for st := strong; st <= weak; st++ {
		var of []wire.CipherSuite
		for _, c := range x.List {
			if strengthOf(c) == st {
				of = append(of, c)
			}
		}
		if len(of) > 0 {
			rows = append(rows, []part{{strengthGrades[st], fmt.Sprintf("%d %s: ", len(of), strengthNames[st])}, {gradeNone, compressed(of)}})
		}
	}
	if len(x.ListSSL2) > 0 {
		rows = append(rows, []part{{gradeBad, fmt.Sprintf("%d weak: ", len(x.ListSSL2))}, {gradeNone, strings.Join(names(x.ListSSL2), ", ")}})
	}
	return rows
}

// fewSuites are the suites themselves, where they are so few that their order
// says it all; nil where they are more.
func fewSuites(v wire.Version, x transcript.SuiteFacts) []part {
	if len(x.ListSSL2) > 0 || len(x.List) > 6 || v < wire.VersionTLS13 && len(x.List) > 3 {
		return nil
	}
	var row []part
	for i, c := range x.List {
		if i > 0 {
			row = append(row, part{gradeNone, ", "})
		}
		name := cipherWords(c)
		if v < wire.VersionTLS13 {
			name = firstName(c)
		}
		row = append(row, part{strengthGrades[strengthOf(c)], name})
	}
	return row
}

// suffix is what follows a list that is shown whole.
func suffix(x transcript.SuiteFacts, n int) string {
	s := ""
	if order := orderWords(x.Order, n); order != "" {
		s = " · " + order
	}
	if x.ChaChaFirst == transcript.Yes {
		s += "; ChaCha20 for clients that prefer it"
	}
	if !x.Complete {
		s += ", not all were asked for"
	}
	return s
}

func orderWords(o transcript.Order, n int) string {
	switch {
	case n < 2:
		return ""
	case o == transcript.ServerOrder:
		return "the server's order"
	case o == transcript.ClientOrder:
		return "the client's order"
	}
	return ""
}

// firstName is the name that goes into a server's configuration.
func firstName(x wire.CipherSuite) string {
	if n := x.OpenSSLName(); n != "" {
		return n
	}
	return x.String()
}

// compressed tells many suites in few words: key exchanges that come with the
// same ciphers share them. Order is kept by first appearance.
func compressed(all []wire.CipherSuite) string {
	var kxs []string
	ciphers := map[string][]string{}
	for _, x := range all {
		kx := exchangeWords(x)
		if ciphers[kx] == nil {
			kxs = append(kxs, kx)
		}
		ciphers[kx] = append(ciphers[kx], cipherWords(x))
	}
	sets := map[string][]string{} // ciphers to key exchanges
	var order []string
	for _, kx := range kxs {
		sorted := slices.Sorted(slices.Values(ciphers[kx]))
		key := strings.Join(sorted, ", ")
		if sets[key] == nil {
			order = append(order, key)
		}
		sets[key] = append(sets[key], kx)
	}
	parts := make([]string, len(order))
	for i, key := range order {
		kx := sets[key]
		what := strings.Join(ciphers[kx[0]], ", ")
		switch {
		case kx[0] == "":
			parts[i] = what
		case len(ciphers[kx[0]]) == 1 && len(kx) == 1:
			parts[i] = kx[0] + " with " + what
		default:
			parts[i] = strings.Join(kx, " and ") + " with " + what
		}
	}
	return strings.Join(parts, "; ")
}

func exchangeWords(x wire.CipherSuite) string {
	i, ok := x.Info()
	if !ok || i.KeyExchange == wire.KXTLS13 {
		return ""
	}
	kx := strings.ReplaceAll(i.KeyExchange.String(), "_", "-")
	switch {
	case i.KeyExchange == wire.KXDHAnon:
		kx = "anonymous DH"
	case i.KeyExchange == wire.KXECDHAnon:
		kx = "anonymous ECDH"
	case slices.Contains([]wire.KeyExchange{wire.KXDHE, wire.KXECDHE, wire.KXDH, wire.KXECDH, wire.KXSRP, wire.KXKRB5}, i.KeyExchange) && i.Authentication.String() != kx:
		kx += "-" + i.Authentication.String()
	}
	if i.Export {
		kx = "export " + kx
	}
	return kx
}

func cipherWords(x wire.CipherSuite) string {
	i, ok := x.Info()
	if !ok {
		return x.String()
	}
	s := i.Cipher.String()
	switch i.Cipher {
	case wire.CipherNull:
		return "no encryption"
	case wire.CipherChaCha20:
		return "ChaCha20"
	case wire.Cipher3DES, wire.CipherDES, wire.CipherSEED, wire.CipherIDEA:
	case wire.CipherCamellia:
		s = "Camellia-" + strconv.Itoa(i.KeyBits)
	default:
		s += "-" + strconv.Itoa(i.KeyBits)
	}
	switch i.Mode {
	case wire.ModeGCM, wire.ModeCCM:
		s += "-" + i.Mode.String()
	case wire.ModeCCM8:
		s += "-CCM8"
	case wire.ModeCBC:
		s += "-CBC"
	}
	if i.MAC != wire.MACAEAD && i.MAC != wire.MACSHA1 && i.MAC != wire.MACNone {
		s += "-" + i.MAC.String()
	}
	return s
}
