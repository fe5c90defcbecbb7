package textdiag

import (
	"slices"
	"testing"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// What libraries say alike at both ends means another thing at a server's.
func TestServersWords(t *testing.T) {
	for text, x := range map[string]struct {
		client, server cause.ID
	}{
		"error:0A000418:SSL routines::tlsv1 alert unknown ca":                                              {cause.MTLSCertRejected, cause.UntrustedRoot},
		"error:14094418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca":                               {cause.MTLSCertRejected, cause.UntrustedRoot},
		"javax.net.ssl.SSLHandshakeException: Received fatal alert: certificate_unknown":                   {cause.MTLSCertRejected, cause.UntrustedRoot},
		"remote error: tls: expired certificate":                                                           {cause.MTLSCertRejected, cause.Expired},
		"received fatal alert: CertificateExpired":                                                         {cause.MTLSCertRejected, cause.Expired},
		"x509: certificate signed by unknown authority":                                                    {cause.UntrustedRoot, cause.MTLSCertRejected},
		"error:0A000086:SSL routines::certificate verify failed":                                           {cause.UntrustedRoot, cause.MTLSCertRejected},
		"AH02276: Certificate Verification: Error (18): self-signed certificate [subject: CN=example.org]": {cause.OriginCertInvalid, cause.MTLSCertRejected},
		"SSL Library Error: error:0A000418:SSL routines::tlsv1 alert unknown ca (SSL alert number 48)":     {cause.OriginHandshakeFailed, cause.UntrustedRoot},
		"SSL_do_handshake() failed (SSL: error:0A000410:SSL routines::sslv3 alert handshake failure:SSL alert number 40) while SSL handshaking to upstream, client: 192.0.2.7": {cause.OriginHandshakeFailed, cause.OriginHandshakeFailed},
	} {
		for _, o := range []struct {
			Options
			want cause.ID
		}{{Options{Writer: cause.SpeaksClient}, x.client}, {Options{Writer: cause.SpeaksServer}, x.server}} {
			d := ExplainAs([]byte(text), o.Options)
			if !slices.ContainsFunc(d.Causes, func(c Cause) bool { return c.ID == o.want }) {
				t.Errorf("%s of a %s: no %s in %v", text, o.Writer, o.want, d.Causes)
			}
		}
	}
}

func TestMost(t *testing.T) {
	text := []byte("error:0A000410:SSL routines::sslv3 alert handshake failure")
	few, all := ExplainAs(text, Options{Most: 2}).Causes, ExplainAs(text, Options{Most: 10}).Causes
	if len(few) != 2 || len(all) <= most || len(Explain(text).Causes) != most {
		t.Errorf("%d, %d causes", len(few), len(all))
	}
}

// A log that does not tell its end may be either's, and is a server's first.
func TestEitherEnd(t *testing.T) {
	d := ExplainAs([]byte("[SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca (_ssl.c:992)"), Options{Writer: cause.SpeaksEither, Most: 10})
	if len(d.Causes) == 0 || d.Causes[0].ID != cause.UntrustedRoot || d.Writer != cause.SpeaksEither {
		t.Errorf("first %v, written by %s", d.Causes, d.Writer)
	}
	if !slices.ContainsFunc(d.Causes, func(c Cause) bool { return c.ID == cause.MTLSCertRejected }) {
		t.Errorf("a client's reading is missing in %v", d.Causes)
	}
}

// What turns is found by name; a name that nothing has would turn nothing.
func TestNamesAtServer(t *testing.T) {
	c := load()
	for _, name := range []string{"certificate-refused", "hung-up", "alert-0", "alert-40", "alert-42", "alert-46", "alert-48", "alert-90"} {
		if c.byID[genericStack+"/"+name+atServer] == nil {
			t.Errorf("no signature %s/%s%s", genericStack, name, atServer)
		}
	}
}
