package render

import (
	"bytes"
	"strings"
	"testing"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// anExplanation has something of everything.
func anExplanation() *report.Explanation {
	alert := wire.AlertDescription(40)
	return &report.Explanation{
		Schema: report.ExplanationSchema, Input: "remote error: tls: handshake failure", Says: "the server refused the handshake and gave no reason", Step: cause.StepCipher,
		Spoke: report.Spoke{Software: "Go", Writer: "client", RefusedBy: "server", Alert: &alert, Direction: "received"}, Client: "go-1.26.8", Quirk: "the alert stands for many causes",
		Matches: []report.Match{
			{
				Cause: cause.NoSharedCipher, Confidence: 0.53, Stack: "go", Signature: "go/handshake-failure", Side: cause.SideServer, Step: cause.StepCipher, Title: "No cipher suite in common",
				Why: "the server refused", Text: "remote error: tls: handshake failure", Source: "observed", Decides: []string{"the same server with more suites"},
				Fix: []report.Fix{{For: "go", Text: "Set tls.Config.CipherSuites.", Config: "CipherSuites: nil", Run: []string{"go version"}}, {For: cause.Generic, Text: "Allow ECDHE suites."}}, Next: []string{"tlswhy shop.example --as go-1.26.8", "tlswhy guide no-shared-cipher"},
			},
			{
				Cause: cause.MTLSRequired, Confidence: 0.24, Stack: "go", Signature: "go/handshake-failure", Side: cause.SideClient, Step: cause.StepKeys, Title: "The server wants a client certificate",
				Why: "the server refused", Source: "observed", Decides: []string{}, Fix: []report.Fix{{For: cause.Generic, Text: "Show a certificate."}}, Next: []string{"tlswhy shop.example", "tlswhy guide mtls-required"},
			},
		},
		Recognised: report.Recognised{Stacks: []string{"Go"}, Alerts: []wire.AlertDescription{40}, Codes: []report.ErrorCode{}},
	}
}

func TestExplanationOnAScreen(t *testing.T) {
	known := anExplanation()
	unknown := &report.Explanation{
		Schema: report.ExplanationSchema, Input: "x", Matches: []report.Match{},
		Recognised: report.Recognised{Stacks: []string{"Go"}, Alerts: []wire.AlertDescription{90}, Codes: []report.ErrorCode{{Code: "0A000123", Reason: "application data after close notify"}}, Host: "shop.example"},
	}
	silent := anExplanation()
	silent.Spoke, silent.Matches[0].Fix, silent.Quirk = report.Spoke{}, nil, ""
	refused := anExplanation()
	refused.Spoke = report.Spoke{Software: "OpenSSL", Writer: "client", RefusedBy: "client"}
	for name, x := range map[string]struct {
		e       *report.Explanation
		verbose bool
	}{"explain": {known, false}, "explain-verbose": {known, true}, "explain-unknown": {unknown, false}, "explain-silent": {silent, false}, "explain-refused": {refused, false}} {
		var b bytes.Buffer
		if err := Explanation(&b, x.e, Options{Verbose: x.verbose}); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(b.String(), "\n"); !x.verbose && n > 24 {
			t.Errorf("%s takes %d lines", name, n)
		}
		golden(t, name+".txt", b.Bytes())
	}
	var b bytes.Buffer
	if err := WriteJSON(&b, known); err != nil {
		t.Fatal(err)
	}
	golden(t, "explain.json", b.Bytes())
}

// Whatever a text holds, no control byte gets to the terminal.
func TestExplanationIsHarmless(t *testing.T) {
	e := anExplanation()
	const evil = "\x1b[2J\u202e\x07\r\n"
	e.Says, e.Quirk, e.Spoke.Software = evil, evil, evil
	e.Matches[0].Text, e.Matches[0].Title, e.Matches[0].Next[0] = evil, evil, evil
	var b bytes.Buffer
	if err := Explanation(&b, e, Options{Verbose: true}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(b.String(), "\x1b\u202e\x07\r") {
		t.Errorf("%q", b.String())
	}
}
