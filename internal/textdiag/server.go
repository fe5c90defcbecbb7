package textdiag

import (
	"slices"
	"strconv"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// atServer ends the names of the signatures that say what a text means at a
// server's end: tls/alert-48-at-server for all that report alert 48,
// gnutls/fatal-alert-at-server for gnutls/fatal-alert alone.
const atServer = "-at-server"

// inLogs is how likely the line of a log that does not tell its end is a server's:
// programs that only connect seldom keep logs for others to read.
const inLogs = 0.8

// endOf is the end at which a text was written that is told to be writer's; either
// where nobody knows. What the text says of itself counts more.
func endOf(writer cause.Speaker, f *finding) cause.Speaker {
	switch {
	case f.server && !f.client:
		return cause.SpeaksServer
	case f.client && !f.server:
		return cause.SpeaksClient
	case writer == "":
		return cause.SpeaksEither
	}
	return writer
}

// turn gives texts that clients and servers write alike the meaning that they have
// at a server's end, which is theirs with the probability p. What servers' own
// texts say of the client is completed with what is possible besides.
func (c *catalogue) turn(hits []Hit, p float64) {
	for i := range hits {
		h := &hits[i]
		if len(h.Causes) == 0 {
			continue
		}
		k := c.byID[h.ID+atServer]
		if k == nil {
			k = c.byID[nameAtServer(h.Signature)]
		}
		if k == nil || k.ID == h.ID {
			continue
		}
		t := *h.Signature
		switch {
		case h.Speaks == cause.SpeaksServer,
			h.Heard == nil && !h.Refuses && k.Stack.ID == genericStack && !ofSilence(h.Causes[0].Cause):
			t.Causes = blend(h.Causes, k.Causes, own)
		case p < 1:
			t.Speaks, t.Causes, t.Step, t.Says, t.Quirk = cause.SpeaksEither, blend(k.Causes, h.Causes, p), k.Step, k.Says, k.Quirk
			t.Decides = append([]string{"whether the writer was the server or the client of that connection"}, k.Decides...)
		default:
			t.Speaks, t.Causes, t.Step, t.Says, t.Decides, t.Quirk = cause.SpeaksServer, k.Causes, k.Step, k.Says, k.Decides, k.Quirk
		}
		h.Signature = &t
	}
}

// turnToProxy is for lines of servers about connections that they opened
// themselves: the certificate that is refused and the alert that came are those of
// the server behind.
func (c *catalogue) turnToProxy(hits []Hit) {
	for i := range hits {
		h := &hits[i]
		if h.Speaks != cause.SpeaksServer || len(h.Causes) == 0 {
			continue
		}
		t := *h.Signature
		t.Speaks, t.Quirk = cause.SpeaksClient, ""
		switch k := c.byID[genericStack+"/certificate-refused-at-proxy"]; {
		case k != nil && h.Refuses && h.Causes[0].Cause == cause.MTLSCertRejected:
			t.Causes, t.Step, t.Says, t.Decides = k.Causes, k.Step, k.Says, k.Decides
		case h.Heard != nil && c.byID[alertSignature(*h.Heard)] != nil:
			k = c.byID[alertSignature(*h.Heard)]
			t.Causes = blend([]cause.Weighted{{Cause: cause.OriginHandshakeFailed, Weight: 1}}, k.Causes, behindProxy)
			t.Step, t.Says, t.Decides = k.Step, k.Says, k.Decides
		default:
			continue
		}
		h.Signature = &t
	}
}

// behindProxy is what the handshake with a server behind weighs against its reasons.
const behindProxy = 0.4

// nameAtServer is the name of the generic signature that tells what s may mean at a
// server's end, "" where it means what it says.
func nameAtServer(s *cause.Signature) string {
	switch first := s.Causes[0].Cause; {
	case s.Heard != nil:
		return alertSignature(*s.Heard) + atServer
	case s.Refuses && s.Speaks != cause.SpeaksServer && ofCertificate(first):
		return genericStack + "/certificate-refused" + atServer
	case s.Refuses && s.Speaks == cause.SpeaksEither && first == cause.OriginCertInvalid:
		return genericStack + "/certificate-refused" + atServer
	case ofSilence(first), s.Speaks != cause.SpeaksServer && !s.Refuses && slices.ContainsFunc(s.Causes, silent), !s.Refuses && len(s.Causes) > 1 && ofRefusal(first):
		return genericStack + "/hung-up" + atServer
	}
	return ""
}

func silent(w cause.Weighted) bool { return ofSilence(w.Cause) }

// own is what the causes of a text itself weigh against what is possible besides.
const own = 0.8

func blend(causes, besides []cause.Weighted, own float64) []cause.Weighted {
	out := make([]cause.Weighted, 0, len(causes)+len(besides))
	for _, w := range causes {
		out = append(out, cause.Weighted{Cause: w.Cause, Weight: own * w.Weight})
	}
	for _, w := range besides {
		w.Weight *= 1 - own
		if i := slices.IndexFunc(out, func(o cause.Weighted) bool { return o.Cause == w.Cause }); i >= 0 {
			out[i].Weight += w.Weight
		} else {
			out = append(out, w)
		}
	}
	return out
}

// ofCertificate are the causes for which a client refuses the server's certificate.
// A server that says the same means the client's.
func ofCertificate(id cause.ID) bool {
	switch id {
	case cause.Expired, cause.NotYetValid, cause.ExpiredIntermediate, cause.ClientClockSkew, cause.SelfSigned,
		cause.UntrustedRoot, cause.IncompleteChain, cause.TLSInterception, cause.PathLengthExceeded,
		cause.IssuerNotCA, cause.CAAsLeaf, cause.ClientCABundleOutdated, cause.WrongEKU, cause.WrongKeyUsage,
		cause.NameConstraints, cause.Revoked, cause.WeakKey, cause.WeakSignature, cause.WrongChainOrder:
		return true
	}
	return false
}

// ofRefusal are the commonest causes for which a client goes away.
func ofRefusal(id cause.ID) bool {
	switch id {
	case cause.Expired, cause.SelfSigned, cause.UntrustedRoot, cause.HostnameMismatch:
		return true
	}
	return false
}

// ofSilence are the causes for which a connection ends without a word.
func ofSilence(id cause.ID) bool {
	switch id {
	case cause.ClosedAfterHello, cause.ResetAfterHello, cause.TCPReset, cause.UncleanClose:
		return true
	}
	return false
}

// alertSignature is the name of the generic signature of an alert.
func alertSignature(id uint8) string { return genericStack + "/alert-" + strconv.Itoa(int(id)) }
