package render

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tlswhy/tlswhy/internal/survey"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// surveyTable is everything about one dimension.
type surveyTable struct {
	Title string
	Note  string
	Head  []string
	Rows  []tableRow
	// Whole: its cells are names that people search for and copy; a narrow terminal
	// wraps them itself.
	Whole bool
	Chain []certView // for a certificate's table
}

// Headed says whether its columns need names to be understood.
func (t surveyTable) Headed() bool { return len(t.Head) > 3 }

type tableRow struct {
	Grade grade
	Cells []string
}

// surveyTables hold everything that a survey knows, for who asks for details.
func surveyTables(s *survey.Survey) []surveyTable {
	var all []surveyTable
	add := func(t surveyTable) {
		if len(t.Rows)+len(t.Chain) > 0 {
			all = append(all, t)
		}
	}
	add(answerTable(s))
	for _, v := range s.Versions {
		add(suiteTable(v, s.Suites[v.String()]))
	}
	add(groupTable(s))
	add(schemeTable(s))
	add(primeTable(s))
	for i := range s.Certificates {
		add(certificateTable(s, &s.Certificates[i]))
	}
	add(featureTable(s))
	add(toleranceTable(s))
	add(authorityTable(s))
	add(dnsTable(s))
	add(addressTable(s))
	add(lockOutTable(s))
	return all
}

func answerTable(s *survey.Survey) surveyTable {
	t := surveyTable{Title: "Versions", Note: "What a client gets that offers nothing newer.", Head: []string{"version", "answer"}}
	for _, a := range s.Answers {
		g := gradeNone
		if a.Accepted && old(a.Version) {
			g = gradeBad
		}
		t.Rows = append(t.Rows, tableRow{g, []string{a.Version.String(), a.Outcome}})
	}
	return t
}

func suiteTable(v wire.Version, x transcript.SuiteFacts) surveyTable {
	t := surveyTable{Title: "Suites of " + v.String(), Head: []string{"code", "name", "OpenSSL", "strength"}, Whole: true}
	n := len(x.List) + len(x.ListSSL2)
	notes := []string{}
	switch {
	case n < 2:
	case x.Order == transcript.ServerOrder:
		notes = append(notes, "In the server's order, which decides.")
	case x.Order == transcript.ClientOrder:
		notes = append(notes, "The client's order decides; from strong to weak here.")
	}
	if x.ChaChaFirst == transcript.Yes {
		notes = append(notes, "A client that lists ChaCha20 first gets it.")
	}
	if !x.Complete {
		notes = append(notes, "Not all suites were asked for.")
	}
	seen := map[strength]bool{}
	for _, c := range x.List {
		st := strengthOf(c)
		if !seen[st] {
			seen[st] = true
			notes = append(notes, capitalised(strengthNames[st])+": "+strengthWhy[st]+".")
		}
		t.Rows = append(t.Rows, tableRow{strengthGrades[st], []string{code(uint32(c), 4), c.String(), c.OpenSSLName(), strengthNames[st]}})
	}
	t.Note = strings.Join(notes, " ")
	for _, c := range x.ListSSL2 {
		t.Rows = append(t.Rows, tableRow{gradeBad, []string{code(uint32(c), 6), c.String(), "", strengthNames[weak]}})
	}
	return t
}

func code(v uint32, digits int) string {
	s := strings.ToUpper(strconv.FormatUint(uint64(v), 16))
	return "0x" + strings.Repeat("0", max(0, digits-len(s))) + s
}

func groupTable(s *survey.Survey) surveyTable {
	t := surveyTable{Title: "Groups", Head: []string{"code", "name", "TLS 1.3", "TLS 1.2", ""}}
	if o := orderWords(s.GroupOrder, len(s.Groups)); o != "" {
		t.Note = capitalised(o) + " decides."
		if o12 := orderWords(s.GroupOrder12, len(s.Groups)); o12 != "" && s.GroupOrder12 != s.GroupOrder {
			t.Note = capitalised(o) + " decides in TLS 1.3, " + o12 + " in TLS 1.2."
		}
	}
	for _, g := range s.Groups {
		note, gr := "", gradeNone
		if postQuantum(g.Group) {
			note, gr = "post-quantum", gradeGood
		}
		t.Rows = append(t.Rows, tableRow{gr, []string{code(uint32(g.Group), 4), g.Group.String(), g.TLS13.String(), g.TLS12.String(), note}})
	}
	return t
}

func schemeTable(s *survey.Survey) surveyTable {
	t := surveyTable{Title: "Signature algorithms", Head: []string{"code", "name", "TLS 1.3", "TLS 1.2", "key"}}
	if o := orderWords(s.SignatureOrder, len(s.SignatureAlgorithms)); o != "" {
		t.Note = capitalised(o) + " decides."
	}
	for _, x := range s.SignatureAlgorithms {
		key := ""
		for _, c := range s.Certificates {
			if c.SHA256 == x.Leaf && x.Leaf != "" {
				key = c.Key
			}
		}
		t.Rows = append(t.Rows, tableRow{gradeNone, []string{code(uint32(x.Scheme), 4), x.Scheme.String(), x.TLS13.String(), x.TLS12.String(), key}})
	}
	return t
}

func primeTable(s *survey.Survey) surveyTable {
	t := surveyTable{Title: "Diffie-Hellman groups before TLS 1.3", Head: []string{"bits", "known as", "generator", "safe prime", "value used again", "SHA-256 of the prime"}}
	for _, p := range s.DH {
		t.Rows = append(t.Rows, tableRow{primeRow(p)[0].Grade, []string{strconv.Itoa(p.Bits), p.Name, strconv.Itoa(p.Generator), p.Safe.String(), p.Reused.String(), p.Prime}})
	}
	return t
}

func certificateTable(s *survey.Survey, c *survey.Certificate) surveyTable {
	t := surveyTable{Title: "Certificate, " + c.Key, Head: []string{"", ""}, Chain: surveyChain(s, c)}
	row := func(name, value string) {
		if value != "" {
			t.Rows = append(t.Rows, tableRow{gradeNone, []string{name, value}})
		}
	}
	ways := make([]string, len(c.For))
	for i, f := range c.For {
		ways[i] = strings.ReplaceAll(string(f), "-", " ")
	}
	row("shown for", strings.Join(ways, ", "))
	if len(c.Chain) > 0 {
		row("names", strings.Join(c.Chain[0].SANs, ", "))
		row("valid", dayOf(c.Chain[0].NotBefore)+" to "+dayOf(c.Chain[0].NotAfter)+" ("+expiry(c).Text+")")
	}
	row("covers the name", c.Covers.String())
	row("trusted by current clients", c.Trusted.String())
	ids := make([]string, len(c.Problems))
	for i, p := range c.Problems {
		ids[i] = string(p)
	}
	row("problems", strings.Join(ids, ", "))
	if c.KeyFits != transcript.Unknown {
		row("signatures fit its key", c.KeyFits.String())
	}
	row("stapled status", c.Staple)
	if c.MustStaple {
		row("must staple", "yes")
	}
	var scts []string
	for k, n := range c.SCTs {
		if n > 0 {
			scts = append(scts, strconv.Itoa(n)+" in the "+k)
		}
	}
	slices.Sort(scts)
	row("SCTs", strings.Join(scts, ", "))
	size := count(c.Bytes, "byte")
	if c.CompressedBytes > 0 {
		size += ", " + strconv.Itoa(c.CompressedBytes) + " compressed"
	}
	if c.Bytes > 0 {
		row("size of the message", size)
	}
	row("SHA-256", c.SHA256)
	return t
}

func featureTable(s *survey.Survey) surveyTable {
	t := surveyTable{Title: "Features", Head: []string{"feature", "", ""}}
	x := s.Features
	for _, w := range featureWords {
		tri := w.tri(s)
		g := gradeNone
		if tri != transcript.Unknown && tri != w.right {
			g = w.grade
		}
		t.Rows = append(t.Rows, tableRow{g, []string{plainName(w.name), tri.String(), w.about}})
	}
	for _, r := range []struct {
		name, value, about string
	}{
		{"asks for another key share", x.HelloRetry.String(), "HelloRetryRequest"},
		{"OCSP stapling", x.OCSPStapling.String(), ""},
		{"SCTs in the handshake", x.SCTExtension.String(), "RFC 6962"},
		{"session IDs", x.SessionIDs.String(), "resumed: " + x.ResumptionID.String()},
		{"session tickets", x.SessionTickets.String(), "resumed: " + x.ResumptionTicket.String()},
		{"TLS 1.3 resumption", x.ResumptionPSK.String(), count(x.Tickets, "ticket") + lifetime(x.TicketLifetime)},
		{"0-RTT", x.EarlyData.String(), "accepted: " + x.EarlyDataAccepted.String() + earlyBytes(x.MaxEarlyData)},
		{"client certificate", x.ClientCertificate, ""},
		{"an unknown server name", x.OtherName, ""},
		{"no server name", x.NoName, ""},
		{"max_fragment_length", x.MaxFragmentLength.String(), "RFC 6066, Section 4"},
		{"record size limit", numberOr(x.RecordSizeLimit, "none"), "RFC 8449"},
		{"certificate compression", strings.Join(names(x.CertificateCompression), ", "), "RFC 8879"},
	} {
		if r.value == "" {
			r.value = "none"
		}
		t.Rows = append(t.Rows, tableRow{gradeNone, []string{r.name, r.value, r.about}})
	}
	return t
}

func plainName(s string) string { return strings.ReplaceAll(s, "_", " ") }

func numberOr(n int, zero string) string {
	if n == 0 {
		return zero
	}
	return strconv.Itoa(n)
}

func toleranceTable(s *survey.Survey) surveyTable {
	t := surveyTable{Title: "Unusual hellos", Note: "A correct server answers each of them like any other.", Head: []string{"hello with", "answered"}}
	for _, w := range toleranceWords {
		g := gradeNone
		if w.tri(*s) == transcript.No {
			g = gradeBad
		}
		t.Rows = append(t.Rows, tableRow{g, []string{w.what, w.tri(*s).String()}})
	}
	return t
}

func authorityTable(s *survey.Survey) surveyTable {
	t := surveyTable{Title: "Client certificates are accepted of", Head: []string{"CA"}}
	for _, a := range s.Authorities {
		t.Rows = append(t.Rows, tableRow{gradeNone, []string{a}})
	}
	return t
}

func dnsTable(s *survey.Survey) surveyTable {
	t := surveyTable{Title: "DNS", Head: []string{"type", "record"}}
	for _, x := range []struct {
		kind string
		all  []string
	}{{"CAA", s.DNS.CAA}, {"TLSA", s.DNS.TLSA}, {"HTTPS", s.DNS.HTTPS}} {
		for _, r := range x.all {
			t.Rows = append(t.Rows, tableRow{gradeNone, []string{x.kind, r}})
		}
	}
	return t
}

func addressTable(s *survey.Survey) surveyTable {
	t := surveyTable{Title: "Addresses", Head: []string{"address", "outcome"}}
	if len(s.Addresses) < 2 {
		return t
	}
	for _, a := range s.Addresses {
		t.Rows = append(t.Rows, tableRow{gradeNone, []string{a.IP, a.Outcome}})
	}
	return t
}

func lockOutTable(s *survey.Survey) surveyTable {
	t := surveyTable{Title: "Who is kept out", Note: "Of the clients that the program knows, those whose outcome is certain.", Head: []string{"by", "clients"}}
	for _, l := range s.LocksOut {
		if len(l.Clients) > 0 {
			t.Rows = append(t.Rows, tableRow{gradeNone, []string{bare(l.Text), strings.Join(clientNames(l.Clients), ", ")}})
		}
	}
	return t
}
