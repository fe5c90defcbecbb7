package textdiag

import (
	"strconv"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// atServer ends the names of the generic signatures that say what a text means at
// a server's end: tls/alert-48-at-server.
const atServer = "-at-server"

// contradicts says that the text names the other end than writer as its own.
func contradicts(f *finding, writer cause.Speaker) bool {
	if writer == cause.SpeaksServer {
		return f.client && !f.server
	}
	return f.server && !f.client
}

// turn gives texts that clients and servers write alike the meaning that they have
// at a server's end.
func (c *catalogue) turn(hits []Hit) {
	for i := range hits {
		h := &hits[i]
		if h.Speaks == cause.SpeaksServer || len(h.Causes) == 0 {
			continue
		}
		s := c.turned(h.Signature)
		if s == nil {
			continue
		}
		t := *h.Signature
		t.Speaks, t.Causes, t.Step, t.Says, t.Decides, t.Quirk = cause.SpeaksServer, s.Causes, s.Step, s.Says, s.Decides, s.Quirk
		h.Signature = &t
	}
}

// turned is the generic signature that says what s means at a server's end, nil
// where it means the same at both or nothing there.
func (c *catalogue) turned(s *cause.Signature) *cause.Signature {
	name := turnedName(s)
	if name == "" {
		return nil
	}
	if k := c.byID[name]; k != nil {
		return k.Signature
	}
	return nil
}

func turnedName(s *cause.Signature) string {
	switch {
	case s.Heard != nil:
		return alertSignature(*s.Heard) + atServer
	case ofCertificate(s.Causes[0].Cause):
		return genericStack + "/certificate-refused" + atServer
	case ofSilence(s.Causes[0].Cause):
		return genericStack + "/hung-up" + atServer
	}
	return ""
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
