package lab

import (
	"crypto/tls"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// nameEntries depend on the server name that the client sends.
func nameEntries() []*entry {
	return []*entry{
		{
			Spec: Spec{
				Name: "sni-required", Title: "The server answers nobody who does not name the site.",
				Cause: cause.SNIRequired, Fails: true, Args: []string{"--sni", "none"},
			},
			up: refuseName(func(name, _ string) bool { return name == "" }, alertUnrecognizedName),
		},
		{
			Spec: Spec{
				Name: "sni-required-close", Title: "The server hangs up on clients that name no site; nginx as a proxy names none by default.",
				Cause: cause.SNIRequired, Fails: true, Args: []string{"--as", "nginx-proxy"},
			},
			up: refuseName(func(name, _ string) bool { return name == "" }, hangUp),
		},
		{
			Spec: Spec{
				Name: "sni-required-default", Title: "Those who do not name the site get another site's certificate.",
				Cause: cause.SNIRequired, Also: []cause.ID{cause.WrongCertificate, cause.HostnameMismatch}, Fails: true, Args: []string{"--sni", "none"},
			},
			up: sites(func(e *env) []string { return []string{e.host} }),
		},
		{
			Spec: Spec{Name: "unrecognized-name", Title: "The server knows no site of that name and says so.", Cause: cause.UnrecognizedName, Fails: true},
			up:   refuseName(func(name, host string) bool { return name == host }, alertUnrecognizedName),
		},
		{
			Spec: Spec{
				Name: "wrong-certificate", Title: "The server hosts many sites, and shows the certificate of its default one for this name.",
				// A server with a single certificate looks the same, unless one knows its other names.
				Cause: cause.WrongCertificate, Also: []cause.ID{cause.HostnameMismatch}, Fails: true,
			},
			up: sites(func(*env) []string { return []string{"shop.example.com", "blog.example.net"} }),
		},
	}
}

// refuseName cuts off hellos whose name is refused and serves all others.
func refuseName(refused func(name, host string) bool, how cut) func(*env) error {
	return func(e *env) error {
		cert, err := e.pki.chain(e.host)
		if err != nil {
			return err
		}
		return e.serve(helloFilter(func(h *hello) bool { return refused(h.ServerName(), e.host) }, how, tlsNext(serverConfig(cert), welcome)))
	}
}

// sites is a server of several sites, each with its certificate, and a default
// site for every other name and for none.
func sites(hosts func(*env) []string) func(*env) error {
	return configUp(func(e *env) (*tls.Config, error) {
		byName := map[string]*tls.Certificate{}
		for _, h := range hosts(e) {
			c, err := e.pki.chain(h)
			if err != nil {
				return nil, err
			}
			byName[h] = &c
		}
		fallback, err := e.pki.chain("default.example.com")
		if err != nil {
			return nil, err
		}
		cfg := serverConfig()
		cfg.GetCertificate = func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if c, ok := byName[h.ServerName]; ok {
				return c, nil
			}
			return &fallback, nil
		}
		return cfg, nil
	})
}
