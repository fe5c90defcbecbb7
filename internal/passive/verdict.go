package passive

import (
	"fmt"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// Result is what became of a handshake, in one word.
type Result string

// Results.
const (
	OK      Result = "ok"
	Fail    Result = "fail"
	Unknown Result = "unknown" // it ended before either side could have meant something by it
)

// Verdict is what the bytes tell of a handshake.
type Verdict struct {
	Result Result
	// Step at which it stopped, as far as can be seen; "secure" where it did not.
	Step cause.Step
	// StoppedBy is the side that ended it; "" where none did or it cannot be told.
	StoppedBy transcript.Side
	// Cause is what an alert names, "" where it names none. It is a hint: alerts are
	// often less than exact.
	Cause cause.ID
	// Detail is one plain sentence or phrase without final stop: what was seen.
	Detail string
	// WantsCertificate: the server asked for a client certificate; Answered: one was
	// shown.
	WantsCertificate, Answered transcript.Tri
	// Unused: the handshake was finished, and the client left without sending
	// anything. So do those that look at the certificate afterwards and reject it, as
	// programs with GnuTLS, and those that only wanted to see whether it works.
	Unused bool
}

// unhurried is how long a client has to have waited before its leaving counts as
// giving up on the server; connections that are opened ahead and not needed are
// closed sooner.
const unhurried = time.Second

const fatal wire.AlertLevel = 2

// Finish judges what was seen and fills the transcript's outcome.
func (c *Conn) Finish() Verdict {
	v := c.verdict()
	o := &c.T.Outcome
	c.T.Times.Total = c.since()
	if c.T.BytesReceived > 0 {
		o.Reached = max(o.Reached, transcript.ReachedConnected)
	}
	o.Detail = v.Detail
	switch {
	case v.Result == OK:
		o.Kind = transcript.Complete
	case v.StoppedBy == transcript.FromServer:
		o.Kind = transcript.Closed
		if c.Ended.How == Reset {
			o.Kind = transcript.Reset
		}
		if a, ok := c.T.ServerAlert(); ok {
			o.Kind, o.Alert = transcript.AlertReceived, &a.Alert
		}
	case c.T.BytesReceived == 0:
		o.Kind = transcript.Silent
	default:
		o.Kind = transcript.Aborted
	}
	return v
}

func (c *Conn) verdict() Verdict {
	for _, side := range []transcript.Side{transcript.FromClient, transcript.FromServer} {
		if a, ok := c.alert(side, false); ok {
			return c.onAlert(a)
		}
	}
	var v Verdict
	switch {
	case c.T.Server == nil:
		v = c.beforeHello()
	case c.version >= wire.VersionTLS13:
		v = c.verdict13()
	default:
		v = c.verdict12()
	}
	if v.Result == Fail {
		// A warning that is followed by the end was the reason for it.
		if a, ok := c.alert(v.StoppedBy, true); ok {
			return c.onAlert(a)
		}
	}
	return v
}

// alert is the first in clear of a side that ends the handshake, or may have.
func (c *Conn) alert(from transcript.Side, warnings bool) (transcript.Alert, bool) {
	for _, a := range c.T.Alerts {
		if a.From == from && a.Alert.Description != wire.AlertCloseNotify && (a.Alert.Level == fatal || warnings) {
			return a, true
		}
	}
	return transcript.Alert{}, false
}

func (c *Conn) onAlert(a transcript.Alert) Verdict {
	v := Verdict{Result: Fail, StoppedBy: a.From}
	v.WantsCertificate, v.Answered = c.clientCertificate()
	v.Step, v.Cause = c.meaning(a)
	v.Detail = fmt.Sprintf("the %s sent alert %d %s %s", a.From, a.Alert.Description, a.Alert.Description, c.when())
	return v
}

// when says how far it had come.
func (c *Conn) when() string {
	t := &c.T
	switch {
	case t.Server == nil && t.Retry != nil:
		return "after the HelloRetryRequest"
	case t.Server == nil:
		return "instead of a ServerHello"
	case len(t.Certificates) > 0 && t.Outcome.Reached < transcript.ReachedFlight, c.version >= wire.VersionTLS13:
		return "after the server's certificate"
	case t.Outcome.Reached >= transcript.ReachedFlight:
		return "after the server's flight"
	}
	return "after the ServerHello"
}

// meaning is where an alert places the failure, and the cause that it names.
func (c *Conn) meaning(a transcript.Alert) (cause.Step, cause.ID) {
	type place struct {
		step cause.Step
		id   cause.ID
	}
	byClient := map[wire.AlertDescription]place{
		wire.AlertCertificateExpired: {cause.StepVerify, cause.Expired}, wire.AlertUnknownCA: {cause.StepVerify, cause.UntrustedRoot},
		wire.AlertCertificateRevoked: {cause.StepVerify, cause.Revoked}, wire.AlertBadCertificate: {cause.StepVerify, ""},
		wire.AlertCertificateUnknown: {cause.StepVerify, ""}, wire.AlertUnsupportedCertificate: {cause.StepVerify, ""},
		wire.AlertProtocolVersion: {cause.StepVersion, cause.NoSharedVersion}, wire.AlertInsufficientSecurity: {cause.StepCipher, ""},
		wire.AlertDecryptError: {cause.StepKeys, ""}, wire.AlertBadRecordMAC: {cause.StepKeys, ""},
		wire.AlertBadCertificateStatusResponse: {cause.StepVerify, ""}, wire.AlertECHRequired: {cause.StepVersion, cause.ECHRejected},
	}
	byServer := map[wire.AlertDescription]place{
		wire.AlertProtocolVersion: {cause.StepVersion, cause.NoSharedVersion}, wire.AlertInappropriateFallback: {cause.StepVersion, ""},
		wire.AlertHandshakeFailure: {cause.StepCipher, cause.NoSharedCipher}, wire.AlertInsufficientSecurity: {cause.StepCipher, cause.NoSharedCipher},
		wire.AlertNoApplicationProtocol: {cause.StepCipher, cause.NoALPNOverlap}, wire.AlertUnrecognizedName: {cause.StepCertificate, cause.UnrecognizedName},
		wire.AlertMissingExtension: {cause.StepCipher, ""}, wire.AlertInternalError: {cause.StepVersion, cause.ServerInternalError},
		wire.AlertCertificateRequired: {cause.StepKeys, cause.MTLSRequired},
	}
	d := a.Alert.Description
	if a.From == transcript.FromClient {
		if p, ok := byClient[d]; ok {
			return p.step, p.id
		}
		if len(c.T.Certificates) > 0 || c.version >= wire.VersionTLS13 && c.shapes[1] > 0 {
			return cause.StepVerify, ""
		}
		return cause.StepCipher, ""
	}
	if c.T.Server != nil { // it came after the client's flight
		if wants, answered := c.clientCertificate(); wants == transcript.Yes {
			if answered == transcript.Yes {
				return cause.StepKeys, cause.MTLSCertRejected
			}
			return cause.StepKeys, cause.MTLSRequired
		}
		return cause.StepKeys, ""
	}
	if p, ok := byServer[d]; ok {
		return p.step, p.id
	}
	return cause.StepVersion, ""
}

// beforeHello is a handshake of which no ServerHello came.
func (c *Conn) beforeHello() Verdict {
	v := Verdict{Result: Fail, Step: cause.StepVersion, StoppedBy: c.Ended.By}
	switch {
	case c.T.BytesReceived > 0 && c.T.Retry == nil && c.server.off:
		v.StoppedBy, v.Cause, v.Detail = transcript.FromServer, cause.NotTLS, "the server answers with something else than TLS"
	case c.Ended.By == transcript.FromServer && c.Ended.How == Reset:
		v.Detail = "the server, or something before it, reset the connection instead of answering the hello"
	case c.Ended.By == transcript.FromServer && c.Ended.How == FIN:
		v.Detail = "the server closed the connection instead of answering the hello"
	case c.Ended.At >= unhurried && c.T.BytesReceived == 0 && c.Ended.How != Open:
		v.Detail = fmt.Sprintf("the server did not answer the hello, and the client left after %s", c.Ended.At.Round(100*time.Millisecond))
	case c.T.Retry != nil && c.Ended.By == transcript.FromClient && c.Ended.How != Cut:
		v.Step, v.Detail = cause.StepCipher, "the client left when the server asked for another hello"
	default:
		return Verdict{Result: Unknown, Detail: "the client left before the server answered"}
	}
	return v
}

// verdict12 is one of TLS 1.2 or older, where the types of records stay visible.
func (c *Conn) verdict12() Verdict {
	finished := map[transcript.Side]bool{}
	data := map[transcript.Side]bool{}
	bye := false      // the client sent an alert
	var alert *Record // the first protected one before both Finished
	for i, r := range c.Records {
		switch r.Type {
		case wire.ContentHandshake:
			finished[r.From] = true
		case wire.ContentApplicationData:
			data[r.From] = true
		case wire.ContentAlert:
			bye = bye || r.From == transcript.FromClient
			if alert == nil && !(finished[transcript.FromClient] && finished[transcript.FromServer]) {
				alert = &c.Records[i]
			}
		}
	}
	wants, answered := c.clientCertificate()
	v := Verdict{WantsCertificate: wants, Answered: answered}
	switch {
	case finished[transcript.FromClient] && finished[transcript.FromServer]:
		c.T.Outcome.Reached = transcript.ReachedFinished
		if data[transcript.FromServer] {
			c.T.Outcome.Reached = transcript.ReachedResponse
		}
		v.Result, v.Step = OK, cause.StepSecure
		v.Unused = !data[transcript.FromClient] && !data[transcript.FromServer] && (bye || c.clientLeft())
		return v
	case alert != nil:
		v.Result, v.Step, v.StoppedBy = Fail, cause.StepKeys, alert.From
		v.Detail = fmt.Sprintf("the %s sent an encrypted alert instead of finishing the handshake", alert.From)
		return v
	}
	return c.broken(v)
}

// verdict13 reads a handshake of TLS 1.3 from the sizes of its records.
func (c *Conn) verdict13() Verdict {
	s := c.shape()
	wants, answered := c.clientCertificate()
	v := Verdict{WantsCertificate: wants, Answered: answered}
	switch {
	case s.clientAlert:
		v.Result, v.Step, v.StoppedBy = Fail, cause.StepVerify, transcript.FromClient
		v.Detail = "the client answered the server's flight, with its certificate, by an encrypted alert"
		return v
	case !s.clientFinished && !s.serverAlert:
		return c.broken(v)
	case s.serverAlert:
		v.Result, v.Step, v.StoppedBy = Fail, cause.StepKeys, transcript.FromServer
		v.Detail = "the server answered the client's flight by an encrypted alert"
		switch {
		case wants == transcript.Yes && answered == transcript.No:
			v.Cause = cause.MTLSRequired
			v.Detail += ": the client had been asked for a certificate and showed none"
		case wants == transcript.Yes:
			v.Cause = cause.MTLSCertRejected
			v.Detail += ": the client had shown a certificate"
		}
		return v
	}
	c.T.Outcome.Reached = transcript.ReachedFinished
	if s.response {
		c.T.Outcome.Reached = transcript.ReachedResponse
	}
	v.Result, v.Step = OK, cause.StepSecure
	v.Unused = !s.used && (s.goodbye || c.clientLeft())
	return v
}

func (c *Conn) clientLeft() bool {
	return c.Ended.By == transcript.FromClient && (c.Ended.How == FIN || c.Ended.How == Reset)
}

// broken is a handshake that ended after the ServerHello without an alert.
func (c *Conn) broken(v Verdict) Verdict {
	v.Result, v.StoppedBy = Fail, c.Ended.By
	how := "closed the connection"
	if c.Ended.How == Reset {
		how = "reset the connection"
	}
	switch {
	case c.Ended.How == Open || c.Ended.How == Cut:
		return Verdict{Result: Unknown, Detail: "the observation ended within the handshake"}
	case c.Ended.By == transcript.FromClient && (len(c.T.Certificates) > 0 || c.version >= wire.VersionTLS13):
		v.Step = cause.StepVerify
		v.Detail = "the client " + how + " after the server's certificate, without an alert"
	case c.Ended.By == transcript.FromClient:
		v.Step = cause.StepCipher
		v.Detail = "the client " + how + " after the ServerHello, without an alert"
	default:
		v.Step = cause.StepKeys
		v.Detail = "the server " + how + " within the handshake, without an alert"
	}
	return v
}
