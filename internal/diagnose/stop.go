package diagnose

import (
	"slices"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// area is which part of the diagnosis a stop belongs to.
type area uint8

const (
	areaReach     area = iota // no TCP connection, no proxy, no go-ahead
	areaAlien                 // the peer speaks something else
	areaNegotiate             // the hello is not answered
	areaPolicy                // it is, and the client does not like the answer
	areaFlight                // the answer breaks off
	areaVerify                // the certificates are refused
	areaKeys                  // the server gives up after the client's second flight
	areaSecure                // the handshake stands, the request fails for its sake
	areaSlow                  // all is well, only later than clients wait
)

// stop is where and why the client stops in one transcript.
type stop struct {
	area    area
	step    cause.Step
	refusal *client.Refusal
}

// assess finds the first thing in t that stops the client, in the order of the
// protocol; nil: nothing does. It looks at certificates too, with what is at
// hand.
func (s *session) assess(t *transcript.Transcript) *stop {
	switch t.Outcome.Kind {
	case transcript.Refused, transcript.Unreachable, transcript.NoRoute, transcript.ConnectTimeout,
		transcript.ProxyFailed, transcript.StartTLSFailed, transcript.LocalError:
		return &stop{area: areaReach, step: cause.StepConnect}
	case transcript.NotTLS:
		if t.Server == nil {
			return &stop{area: areaAlien, step: cause.StepVersion}
		}
	case transcript.Aborted:
		if t.Server == nil {
			return &stop{area: areaReach, step: cause.StepConnect}
		}
	}
	if r := s.profile.JudgeLeaf(t, s.leaf(t)); r != nil {
		if notOffered(t, r) {
			return &stop{areaNegotiate, r.Step, r}
		}
		if r.Cause == cause.SlowHandshake {
			return &stop{areaSlow, r.Step, r}
		}
		return &stop{areaPolicy, r.Step, r}
	}
	if !answered(t) {
		if t.Outcome.Reached >= transcript.ReachedHello {
			return &stop{area: areaFlight, step: stepOf(t)}
		}
		return &stop{area: areaNegotiate, step: stepOf(t)}
	}
	if s.unreadable(t) {
		return &stop{area: areaFlight, step: cause.StepCertificate}
	}
	if len(t.Certificates) > 0 {
		if _, res := s.judge(t); !res.OK {
			return &stop{area: areaVerify, step: cause.StepVerify}
		}
	}
	if t.Outcome.Reached < transcript.ReachedFinished && t.Attempt.Handshake.Depth > transcript.DepthFlight && t.Outcome.Kind != transcript.Unfinished {
		return &stop{area: areaKeys, step: cause.StepKeys}
	}
	if s.demandsCertificate(t) {
		return &stop{area: areaKeys, step: cause.StepKeys}
	}
	if _, late := lateAlert(t); late && t.Response == nil {
		return &stop{area: areaSecure, step: cause.StepSecure}
	}
	if t.Times.LongestGap >= slowHandshake {
		return &stop{area: areaSlow, step: cause.StepVersion}
	}
	return nil
}

// notOffered: the server chose what the hello does not contain, so a hello that
// contains it is the experiment.
func notOffered(t *transcript.Transcript, r *client.Refusal) bool {
	hs := t.Attempt.Handshake
	if hs == nil || hs.Hello == nil || t.Server == nil {
		return false
	}
	switch r.Dimension {
	case client.Versions:
		return r.Cause == cause.NoSharedVersion && !hs.Hello.OffersVersion(t.Server.Version())
	case client.Suites:
		return r.Cause == cause.NoSharedCipher && !slices.Contains(hs.Hello.CipherSuites, t.Server.CipherSuite)
	case client.Groups:
		return r.Cause == cause.NoSharedGroup
	}
	return false
}

// lateAlert is a fatal alert of the server after both Finished, which is how a
// TLS 1.3 server refuses a client certificate.
func lateAlert(t *transcript.Transcript) (transcript.Alert, bool) {
	for _, a := range t.Alerts {
		if a.From == transcript.FromServer && a.Phase != transcript.DuringHandshake && a.Alert.Description != wire.AlertCloseNotify && a.Alert.Description != wire.AlertUserCanceled {
			return a, true
		}
	}
	return transcript.Alert{}, false
}

// stepOf is the step at which an attempt ended, by what was seen on the wire.
func stepOf(t *transcript.Transcript) cause.Step {
	o := t.Outcome
	switch o.Reached {
	case transcript.ReachedNothing:
		return cause.StepConnect
	case transcript.ReachedConnected, transcript.ReachedStartTLS:
		if o.Kind == transcript.StartTLSFailed || o.Kind == transcript.ProxyFailed {
			return cause.StepConnect
		}
		if o.Alert != nil {
			switch o.Alert.Description {
			case wire.AlertProtocolVersion, wire.AlertInappropriateFallback:
				return cause.StepVersion
			case wire.AlertUnrecognizedName:
				return cause.StepCertificate
			}
			return cause.StepCipher
		}
		return cause.StepVersion
	case transcript.ReachedRetry:
		return cause.StepCipher
	case transcript.ReachedHello:
		return cause.StepCertificate
	case transcript.ReachedFlight:
		if o.Kind == transcript.Complete || o.Kind == transcript.Unfinished {
			return cause.StepVerify
		}
		return cause.StepKeys
	case transcript.ReachedFinished:
		if len(t.CertificateRequests) > 0 && o.Kind == transcript.AlertReceived {
			return cause.StepKeys
		}
	}
	return cause.StepSecure
}
