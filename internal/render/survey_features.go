package render

import (
	"strconv"
	"strings"

	"github.com/tlswhy/tlswhy/internal/survey"
	"github.com/tlswhy/tlswhy/internal/transcript"
)

// featureWord is a feature in words: what is said where it is as it should be,
// and where it is not.
type featureWord struct {
	name  string // in JSON
	tri   func(*survey.Survey) transcript.Tri
	right transcript.Tri
	// good names it among what is as usual, "" where that needs no word.
	good string
	// bad tells what is unusual, how much it matters by its grade.
	bad   string
	short string // the same for a full screen
	grade grade
	// about explains it to who asks for details.
	about string
}

var featureWords = []featureWord{
	{
		"secure_renegotiation", func(s *survey.Survey) transcript.Tri { return s.Features.SecureRenegotiation }, transcript.Yes,
		"secure renegotiation", "no secure renegotiation: OpenSSL 3 refuses to connect", "no secure renegotiation", gradeBad, "RFC 5746",
	},
	{
		"client_renegotiation", func(s *survey.Survey) transcript.Tri { return s.Features.ClientRenegotiation }, transcript.No,
		"", "clients may renegotiate: a cheap way to keep it busy", "clients may renegotiate", gradePoor, "a second handshake that the client begins",
	},
	{
		"extended_master_secret", func(s *survey.Survey) transcript.Tri { return s.Features.ExtendedMasterSecret }, transcript.Yes,
		"extended master secret", "no extended master secret", "no extended master secret", gradePoor, "RFC 7627",
	},
	{
		"encrypt_then_mac", func(s *survey.Survey) transcript.Tri { return s.Features.EncryptThenMAC }, transcript.Yes,
		"encrypt-then-MAC", "no encrypt-then-MAC", "no encrypt-then-MAC", gradeSoft, "RFC 7366: for CBC suites",
	},
	{
		"fallback_scsv", func(s *survey.Survey) transcript.Tri { return s.Features.FallbackSCSV }, transcript.Yes,
		"TLS_FALLBACK_SCSV", "no TLS_FALLBACK_SCSV: it does not notice a client that was pushed to an older version", "no TLS_FALLBACK_SCSV", gradeFair, "RFC 7507",
	},
	{
		"downgrade_sentinel", func(s *survey.Survey) transcript.Tri { return s.Features.DowngradeSentinel }, transcript.Yes,
		"downgrade protection", "no downgrade marks in its random: TLS 1.3 clients cannot tell that they were pushed to TLS 1.2", "no downgrade marks", gradePoor, "RFC 8446, Section 4.1.3",
	},
	{
		"compression", func(s *survey.Survey) transcript.Tri { return s.Features.Compression }, transcript.No,
		"", "compresses at TLS level: secrets leak by size (CRIME)", "compression (CRIME)", gradeBad, "DEFLATE",
	},
	{
		"heartbeat", func(s *survey.Survey) transcript.Tri { return s.Features.Heartbeat }, transcript.No,
		"", "takes heartbeats, which nothing needs over TCP", "heartbeats", gradeFair, "RFC 6520",
	},
	{
		"next_protocol_negotiation", func(s *survey.Survey) transcript.Tri { return s.Features.NPN }, transcript.No,
		"", "still speaks NPN, which ALPN replaced", "NPN", gradeFair, "the forerunner of ALPN",
	},
}

type toleranceWord struct {
	name string // in JSON
	tri  func(survey.Survey) transcript.Tri
	what string
}

var toleranceWords = []toleranceWord{
	{"grease", func(s survey.Survey) transcript.Tri { return s.Features.Tolerates.GREASE }, "GREASE values, which Chrome sends"},
	{"unknown_extension", func(s survey.Survey) transcript.Tri { return s.Features.Tolerates.UnknownExtension }, "an unknown extension"},
	{"future_version", func(s survey.Survey) transcript.Tri { return s.Features.Tolerates.FutureVersion }, "the offer of a future version"},
	{"future_legacy", func(s survey.Survey) transcript.Tri { return s.Features.Tolerates.FutureLegacy }, "a future legacy_version"},
	{"record_version", func(s survey.Survey) transcript.Tri { return s.Features.Tolerates.RecordVersion }, "a first record of TLS 1.2"},
	{"size_256_511", func(s survey.Survey) transcript.Tri { return s.Features.Tolerates.Medium }, "hellos of 256 to 511 bytes"},
	{"size_large", func(s survey.Survey) transcript.Tri { return s.Features.Tolerates.Large }, "hellos larger than a segment, which post-quantum clients send"},
	{"split_records", func(s survey.Survey) transcript.Tri { return s.Features.Tolerates.SplitRecords }, "a hello in several records"},
	{"split_segments", func(s survey.Survey) transcript.Tri { return s.Features.Tolerates.SplitSegments }, "a hello in several segments"},
	{"empty_key_share", func(s survey.Survey) transcript.Tri { return s.Features.Tolerates.EmptyShares }, "TLS 1.3 without a key share"},
	{"hybrid_share", func(s survey.Survey) transcript.Tri { return s.Features.Tolerates.HybridShare }, "a post-quantum key share"},
	{"no_extensions", func(s survey.Survey) transcript.Tri { return s.Features.Tolerates.NoExtensions }, "a hello without extensions"},
}

// featureFact tells what is unusual, each on a line of its own, and what is
// usual on one.
func featureFact(s *survey.Survey) fact {
	f := fact{Label: "Features"}
	if row := clientCertificateRow(s); row != nil {
		f.Rows = append(f.Rows, row)
	}
	var usual []string
	var minor, short []part
	for _, w := range featureWords {
		switch t := w.tri(s); {
		case t == transcript.Unknown:
		case t == w.right:
			if w.good != "" {
				usual = append(usual, w.good)
			}
		case w.grade == gradeSoft:
			minor = append(minor, part{gradeSoft, w.bad})
		default:
			f.Rows = append(f.Rows, []part{{w.grade, w.bad}})
			short = append(short, part{w.grade, w.short})
		}
	}
	var fails []string
	known := 0
	for _, w := range toleranceWords {
		switch t := w.tri(*s); {
		case t == transcript.No && w.name == "no_extensions":
			// Without them nothing says which groups a client knows: many servers refuse.
			minor = append(minor, part{gradeSoft, "refuses hellos without extensions, as clients before 2006 send"})
		case t == transcript.No:
			fails = append(fails, w.what)
			known++
		case t == transcript.Yes:
			known++
		}
	}
	switch {
	case len(fails) > 0:
		f.Rows = append(f.Rows, []part{{gradeBad, "fails on " + strings.Join(fails, "; ")}})
		short = append(short, part{gradeBad, "fails on " + strings.Join(fails, "; ")})
	case known > 0:
		usual = append(usual, "tolerates unusual hellos ("+strconv.Itoa(known)+" kinds)")
	}
	if row := extras(s); len(row) > 0 {
		minor = append(minor, row...)
	}
	if len(usual) > 0 {
		minor = append([]part{{gradeSoft, "as it should be: " + strings.Join(usual, ", ")}}, minor...)
	}
	if len(short) > 1 {
		f.Short = [][]part{joined(append(short, minor...))}
		if row := clientCertificateRow(s); row != nil {
			f.Short = append([][]part{row}, f.Short...)
		}
	}
	f.Rows = append(f.Rows, joined(minor))
	return f
}

// extras are what a server has beyond what is expected of one.
func extras(s *survey.Survey) []part {
	var out []part
	x := s.Features
	if len(x.CertificateCompression) > 0 {
		out = append(out, part{gradeSoft, "compresses certificates (" + strings.Join(names(x.CertificateCompression), ", ") + ")"})
	}
	if x.RecordSizeLimit > 0 {
		out = append(out, part{gradeSoft, "records of at most " + count(x.RecordSizeLimit, "byte")})
	}
	return out
}

func clientCertificateRow(s *survey.Survey) []part {
	var p part
	switch s.Features.ClientCertificate {
	case "requested":
		p = part{gradeFair, "asks for a client certificate and goes on without"}
	case "required":
		p = part{gradePoor, "wants a client certificate"}
	default:
		return nil
	}
	if n := len(s.Authorities); n > 0 {
		p.Text += ", of " + list(s.Authorities, 2)
	}
	return []part{p}
}
