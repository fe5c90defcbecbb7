package trust

import (
	"slices"
	"sync"
)

// Bounds of a Cache: a peer chooses what CA certificates it sends.
const (
	maxCachedCerts = 2048
	maxCachedBytes = 4 << 10 // of one certificate: those of CAs have about 1,500
	maxCachedLinks = 8192
	maxCachedNames = 4096
)

// Cache keeps what the chains of many sites have in common: the certificates of
// CAs, which of them signed which, whether an issuer's name is that of an
// inspecting proxy, and multiples of the keys that sign most. Nothing in it
// depends on the time, the policy or a site; a site's own certificate is never in
// it. It is for inputs that have the same Interception, and safe for concurrent
// use. When full it begins anew.
type Cache struct {
	mu    sync.RWMutex
	certs map[string]*Certificate // by their DER
	links map[[2]*Certificate]link
	names map[string]productMatch // by the DER of the issuer's name
	keys  caKeys
}

type productMatch struct {
	product string
	ok      bool
}

// NewCache returns an empty one.
func NewCache() *Cache {
	return &Cache{certs: map[string]*Certificate{}, links: map[[2]*Certificate]link{}, names: map[string]productMatch{}}
}

// ParseCertificate is the function ParseCertificate, which a certificate of a CA
// goes through once. The result refers to der only if it is not a CA's.
func (k *Cache) ParseCertificate(der []byte) (*Certificate, error) {
	if k == nil {
		return ParseCertificate(der)
	}
	k.mu.RLock()
	c := k.certs[string(der)]
	k.mu.RUnlock()
	if c != nil {
		return c, nil
	}
	c, err := ParseCertificate(der)
	if err != nil || !c.IsCA() || len(der) > maxCachedBytes {
		return c, err
	}
	if c, err = ParseCertificate(slices.Clone(der)); err != nil {
		return nil, err
	}
	c.lasting = true
	k.mu.Lock()
	defer k.mu.Unlock()
	if first := k.certs[string(der)]; first != nil {
		return first, nil
	}
	if len(k.certs) >= maxCachedCerts {
		clear(k.certs)
		clear(k.links)
	}
	k.certs[string(der)] = c
	return c, nil
}

// cacheable: both live long, so that their pointers can be a key.
func cacheable(child, parent *Certificate) bool { return child.lasting && parent.lasting }

// link looks up whether the parent signed the child; 0 if that is not known.
func (k *Cache) link(child, parent *Certificate) link {
	if k == nil || !cacheable(child, parent) {
		return 0
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.links[[2]*Certificate{child, parent}]
}

func (k *Cache) setLink(child, parent *Certificate, l link) {
	if k == nil || !cacheable(child, parent) {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.links) >= maxCachedLinks {
		clear(k.links)
	}
	k.links[[2]*Certificate{child, parent}] = l
}

// checkSignature is the child's CheckSignatureFrom, faster where the parent is one
// whose key is used often.
func (k *Cache) checkSignature(child, parent *Certificate) error {
	if k == nil || !parent.lasting || child.SignatureAlgorithm.Scheme != ECDSA {
		return child.CheckSignatureFrom(parent)
	}
	return child.checkSignatureBy(k.keys.fast(parent.Key))
}

// interception asks match about an issuer's name, once for each.
func (k *Cache) interception(issuer *Name, match func(string) (string, bool)) (string, bool) {
	if k == nil {
		return match(issuer.String())
	}
	k.mu.RLock()
	m, known := k.names[string(issuer.Raw)]
	k.mu.RUnlock()
	if !known {
		m.product, m.ok = match(issuer.String())
		if len(issuer.Raw) > maxCachedBytes {
			return m.product, m.ok
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		if len(k.names) >= maxCachedNames {
			clear(k.names)
		}
		k.names[string(issuer.Raw)] = m
	}
	return m.product, m.ok
}
