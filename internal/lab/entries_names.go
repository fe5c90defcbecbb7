package lab

import (
	"github.com/tlswhy/tlswhy/internal/cause"
)

func nameEntries() []*entry {
	return []*entry{
		{
			Spec: Spec{
				Name: "sni-required", Title: "The server answers nobody who does not name the site.",
				Cause: cause.SNIRequired, Fails: true, Args: []string{"--sni", "none"},
			},
			up: refuseName(func(name, host string) bool { return name == "" }),
		},
		{
			Spec: Spec{Name: "unrecognized-name", Title: "The server knows no site of that name and says so.", Cause: cause.UnrecognizedName, Fails: true},
			up:   refuseName(func(name, host string) bool { return name == host }),
		},
	}
}

// refuseName answers hellos whose name is refused with unrecognized_name (RFC
// 6066, Section 3) and serves all others.
func refuseName(refused func(name, host string) bool) func(*env) error {
	return func(e *env) error {
		cert, err := e.pki.chain(e.host)
		if err != nil {
			return err
		}
		cfg := serverConfig(cert)
		return e.serve(helloFilter(func(h *hello) bool { return refused(h.ServerName(), e.host) }, alertUnrecognizedName, tlsNext(cfg, welcome)))
	}
}
