package trust

import (
	_ "embed"
	"sync"
)

// cloudflareOriginCA are the two roots of Cloudflare's Origin CA, as its
// documentation publishes them. No browser trusts them.
//
//go:embed cloudflare_origin_ca.pem
var cloudflareOriginCA []byte

// CloudflareStore is what Cloudflare trusts at an origin in "Full (strict)":
// public CAs, for which Mozilla's list stands, and its own Origin CA.
func CloudflareStore() *Store { return cloudflareStore() }

var cloudflareStore = sync.OnceValue(func() *Store {
	own, _ := ParsePEM(cloudflareOriginCA) // a test reads both
	s := MozillaStore().With(own...)
	s.ID, s.Name, s.Mixed = "cloudflare", "public CAs and Cloudflare's Origin CA", true
	return s
})
