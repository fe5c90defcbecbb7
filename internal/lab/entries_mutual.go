package lab

import (
	"crypto/tls"
	"crypto/x509"

	"github.com/tlswhy/tlswhy/internal/cause"
)

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
	return []*entry{
		{
			Spec: Spec{Name: "mtls-tls12", Title: "The server demands a client certificate, in TLS 1.2.", Cause: cause.MTLSRequired, Fails: true},
			up:   configUp(required(tls.VersionTLS12)),
		},
		{
			Spec: Spec{Name: "mtls-tls13", Title: "The server demands a client certificate, in TLS 1.3: the refusal comes late.", Cause: cause.MTLSRequired, Fails: true},
			up:   configUp(required(tls.VersionTLS13)),
		},
		{
			Spec: Spec{Name: "mtls-rejected-tls12", Title: "The client certificate is of a CA that the server does not know, in TLS 1.2.", Cause: cause.MTLSCertRejected, Fails: true},
			up:   clientCertUp(ClientOther, required(tls.VersionTLS12)),
		},
		{
			Spec: Spec{Name: "mtls-rejected-tls13", Title: "The client certificate is of a CA that the server does not know, in TLS 1.3.", Cause: cause.MTLSCertRejected, Fails: true},
			up:   clientCertUp(ClientOther, required(tls.VersionTLS13)),
		},
		{
			Spec: Spec{Name: "mtls-expired", Title: "The client certificate ran out.", Cause: cause.MTLSCertRejected, Fails: true},
			up:   clientCertUp(ClientExpired, required(tls.VersionTLS13)),
		},
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

// clientCertUp is configUp for an endpoint that is shown a client certificate.
func clientCertUp(id ClientCert, config func(*env) (*tls.Config, error)) func(*env) error {
	return func(e *env) error {
		cert, key := e.lab.ClientCertFiles(id)
		e.args = append(e.args, "--cert", cert, "--key", key)
		return configUp(config)(e)
	}
}
