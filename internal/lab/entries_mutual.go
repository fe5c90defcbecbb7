package lab

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/lab/oddtls"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// mutualEntries want client certificates.
func mutualEntries() []*entry {
	required := func(version uint16) func(*env) (*tls.Config, error) {
		return func(e *env) (*tls.Config, error) {
			cfg, err := e.pki.mutualConfig(e.host, tls.RequireAndVerifyClientCert)
			if err == nil {
				cfg.MinVersion, cfg.MaxVersion = version, version
			}
			return cfg, err
		}
	}
	missing := func(name, title string, up func(*env) error) *entry {
		return &entry{Spec: Spec{Name: name, Title: title, Cause: cause.MTLSRequired, Fails: true}, up: up}
	}
	rejected := func(name, title string, up func(*env) error) *entry {
		return &entry{Spec: Spec{Name: name, Title: title, Cause: cause.MTLSCertRejected, Fails: true}, up: up}
	}
	return []*entry{
		missing("mtls-tls12", "The server demands a client certificate, in TLS 1.2.", configUp(required(tls.VersionTLS12))),
		missing("mtls-tls13", "The server demands a client certificate, in TLS 1.3: the refusal comes late.", configUp(required(tls.VersionTLS13))),
		missing("mtls-alert42", "The server demands a client certificate and answers bad_certificate.", oddMutual(wire.VersionTLS12, wire.AlertBadCertificate)),
		missing("mtls-http", "The server takes the handshake without a client certificate, and answers 400.", func(e *env) error {
			cfg, err := e.pki.mutualConfig(e.host, tls.VerifyClientCertIfGiven)
			if err != nil {
				return err
			}
			return e.serve(certificatePage(cfg))
		}),
		missing("mtls-path-tls12", "The server asks for a client certificate once it sees the path, by renegotiation in TLS 1.2.", lateUp(wire.VersionTLS12)),
		missing("mtls-path-tls13", "The server wants to ask for a client certificate once it sees the path, in TLS 1.3, which browsers do not offer.", lateUp(wire.VersionTLS13)),
		rejected("mtls-rejected-tls12", "The client certificate is of a CA that the server does not know, in TLS 1.2.", clientCertUp(ClientOther, required(tls.VersionTLS12))),
		rejected("mtls-rejected-tls13", "The client certificate is of a CA that the server does not know, in TLS 1.3.", clientCertUp(ClientOther, required(tls.VersionTLS13))),
		rejected("mtls-expired", "The client certificate ran out.", clientCertUp(ClientExpired, required(tls.VersionTLS13))),
		rejected("mtls-wrong-eku", "The client certificate is for servers.", clientCertUp(ClientWrongEKU, required(tls.VersionTLS12))),
		rejected("mtls-rejected-http", "The server takes the handshake with a client certificate of another CA, and answers 400.", func(e *env) error {
			e.showClientCert(ClientOther)
			cfg, err := e.pki.mutualConfig(e.host, tls.RequestClientCert)
			if err != nil {
				return err
			}
			return e.serve(certificatePage(cfg))
		}),
	}
}

// certificatePage finishes every handshake and judges the client certificate in
// HTTP, so that browsers show a page.
func certificatePage(cfg *tls.Config) handler {
	return func(ctx context.Context, c *net.TCPConn) {
		t := tls.Server(c, cfg)
		if t.HandshakeContext(ctx) != nil {
			return
		}
		certs := t.ConnectionState().PeerCertificates
		if req, err := readRequest(t); err == nil {
			switch {
			case len(certs) == 0:
				respond(t, req, http.StatusBadRequest, "This site wants an SSL client certificate, and none was sent.\n")
			case !trusted(cfg.ClientCAs, certs):
				respond(t, req, http.StatusBadRequest, "The SSL client certificate does not verify.\n")
			default:
				welcome(t, req)
			}
		}
		_ = t.CloseWrite()
	}
}

func trusted(roots *x509.CertPool, certs []*x509.Certificate) bool {
	_, err := certs[0].Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	return err == nil
}

// checkClient is an oddtls.Config.CheckClient.
func (p *pki) checkClient(chain []*x509.Certificate) wire.AlertDescription {
	roots := x509.NewCertPool()
	roots.AddCert(p.clientCA.cert)
	switch {
	case len(chain) == 0:
		return wire.AlertHandshakeFailure
	case !trusted(roots, chain):
		return wire.AlertUnknownCA
	}
	return 0
}

func oddMutual(version wire.Version, ifNone wire.AlertDescription) func(*env) error {
	return func(e *env) error {
		cfg, err := oddEC(version, append(suites13, suites12...)...)(e)
		if err != nil {
			return err
		}
		cfg.ClientAuth = true
		cfg.CheckClient = func(chain []*x509.Certificate) wire.AlertDescription {
			if len(chain) == 0 {
				return ifNone
			}
			return e.pki.checkClient(chain)
		}
		return e.serve(oddHandler(cfg))
	}
}

// lateUp asks for the certificate after the request.
func lateUp(version wire.Version) func(*env) error {
	return func(e *env) error {
		cfg, err := oddEC(version, append(suites13, suites12...)...)(e)
		if err != nil {
			return err
		}
		return e.serve(func(_ context.Context, c *net.TCPConn) {
			t, err := oddtls.Server(c, cfg)
			if err != nil {
				return
			}
			req, err := readRequest(t)
			if err != nil {
				return
			}
			switch err := t.AskCertificate(e.pki.checkClient); {
			case err == nil:
				welcome(t, req)
			case errors.Is(err, oddtls.ErrCannotAsk):
				respond(t, req, http.StatusForbidden, "This page wants a client certificate, and your client does not let itself be asked.\n")
			default:
				return
			}
			_ = t.CloseWrite()
		})
	}
}

// mutualConfig asks for client certificates of the lab's client CA.
func (p *pki) mutualConfig(host string, auth tls.ClientAuthType) (*tls.Config, error) {
	cert, err := p.chain(host)
	if err != nil {
		return nil, err
	}
	cfg := serverConfig(cert)
	cfg.ClientAuth = auth
	cfg.ClientCAs = x509.NewCertPool()
	cfg.ClientCAs.AddCert(p.clientCA.cert)
	return cfg, nil
}

func (e *env) showClientCert(id ClientCert) {
	cert, key := e.lab.ClientCertFiles(id)
	e.args = append(e.args, "--cert", cert, "--key", key)
}

// clientCertUp is configUp for an endpoint that is shown a client certificate.
func clientCertUp(id ClientCert, config func(*env) (*tls.Config, error)) func(*env) error {
	return func(e *env) error {
		e.showClientCert(id)
		return configUp(config)(e)
	}
}
