package env

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/trust"
)

// maxRoots of one store that are read: the largest real ones hold 400.
const maxRoots = 5000

// store finds a store that was read already, or adds it.
func (h *Host) store(d *Document, id, format string, read func() ([][]byte, error)) *Store {
	for i := range d.Stores {
		if d.Stores[i].ID == id {
			return &d.Stores[i]
		}
	}
	s := Store{ID: id, Path: id, Format: format, Expired: []Root{}, Unlisted: []Root{}, Missing: []Root{}, Certificates: []Root{}, UsedBy: []string{}}
	ders, err := read()
	if err != nil {
		s.Problem = err.Error()
	}
	h.describe(&s, ders)
	d.Stores = append(d.Stores, s)
	return &d.Stores[len(d.Stores)-1]
}

func (h *Host) pemStore(d *Document, file string) *Store {
	return h.store(d, file, "PEM", func() ([][]byte, error) {
		b, err := h.read(file)
		if err != nil {
			return nil, err
		}
		return pemCertificates(b), nil
	})
}

// pemCertificates takes what it can read, as the libraries do.
func pemCertificates(text []byte) [][]byte {
	var out [][]byte
	for len(out) < maxRoots {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		switch block.Type {
		case "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE":
			out = append(out, block.Bytes)
		}
	}
	return out
}

// dirStore is a directory with a link for each hashed name, which is all that
// OpenSSL looks at in it.
func (h *Host) dirStore(d *Document, dir string) *Store {
	return h.store(d, dir, "directory", func() ([][]byte, error) {
		entries, err := fs.ReadDir(h.FS, h.inFS(dir))
		if err != nil {
			return nil, reason(err)
		}
		var out [][]byte
		for _, e := range entries {
			if hash, n, ok := strings.Cut(e.Name(), "."); !ok || len(hash) != 8 || strings.Trim(hash, "0123456789abcdef") != "" || strings.Trim(n, "0123456789") != "" {
				continue
			}
			if b, err := h.read(path.Join(dir, e.Name())); err == nil {
				out = append(out, pemCertificates(b)...)
			}
			if len(out) > maxRoots {
				break
			}
		}
		return out, nil
	})
}

// describe fills what a set of certificates says.
func (h *Host) describe(s *Store, ders [][]byte) {
	now := h.Now()
	s.certs = map[string]bool{}
	added := h.addedByAdmin()
	var newest time.Time
	for _, der := range ders {
		c, err := trust.ParseCertificate(der)
		if err != nil {
			continue
		}
		sum := hex.EncodeToString(c.SHA256[:])
		if s.certs[sum] || len(s.certs) >= maxRoots {
			continue
		}
		s.certs[sum] = true
		s.ders = append(s.ders, c.Raw)
		s.Certificates = append(s.Certificates, Root{Subject: c.Subject.String(), SHA256: sum})
		r := Root{Subject: c.Subject.String(), SHA256: sum, Added: added[sum]}
		if !c.NotAfter.IsZero() {
			r.NotAfter = rfc3339(c.NotAfter)
		}
		public := listed()[c.Subject.String()]
		leaf := c.BasicConstraints != nil && !c.IsCA() // such as Debian's ssl-cert-snakeoil
		if !public && !leaf {
			if found, ok := cause.FindInterceptor(r.Subject); ok {
				r.Interception = found.Product
			}
			s.Unlisted = append(s.Unlisted, r)
		}
		if !c.NotAfter.IsZero() && now.After(c.NotAfter) {
			s.Expired = append(s.Expired, r)
		}
		if public && c.NotBefore.After(newest) {
			newest, s.NewestName = c.NotBefore, c.Subject.Short()
		}
	}
	if !newest.IsZero() {
		s.Newest = rfc3339(newest)
	}
	s.Roots = len(s.certs)
	slices.SortFunc(s.Certificates, func(a, b Root) int { return strings.Compare(a.SHA256, b.SHA256) })
	s.SHA256 = setHash(s.Certificates)
	for _, k := range tellingRoots() {
		if s.Roots > 0 && !s.certs[k.SHA256] {
			s.Missing = append(s.Missing, Root{Subject: k.Subject, SHA256: k.SHA256})
		}
	}
}

// setHash is of the fingerprints of sorted certificates.
func setHash(all []Root) string {
	sum := sha256.New()
	for _, c := range all {
		b, _ := hex.DecodeString(c.SHA256) // written by describe
		sum.Write(b)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// listed are the subjects of public CAs: Mozilla's list of today, and roots that
// it once had, which are no private CAs because they were retired.
var listed = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{}
	for _, a := range trust.MozillaStore().Anchors() {
		out[a.Subject.String()] = true
	}
	for _, s := range retired() {
		out[s] = true
	}
	return out
})

// adminDirs are where administrators put CAs of their own: what the
// distribution ships lies elsewhere.
var adminDirs = []string{
	"/usr/local/share/ca-certificates",       // Debian, Alpine
	"/etc/pki/ca-trust/source/anchors",       // Fedora, RHEL
	"/usr/share/pki/ca-trust-source/anchors", // Fedora, for packages
	"/etc/ca-certificates/trust-source/anchors",
	"/etc/pki/trust/anchors", // openSUSE
}

// addedByAdmin are the fingerprints of what lies there.
func (h *Host) addedByAdmin() map[string]bool {
	h.addedOnce.Do(func() {
		h.added = map[string]bool{}
		n := 0
		for _, dir := range adminDirs {
			_ = fs.WalkDir(h.FS, h.inFS(dir), func(name string, e fs.DirEntry, err error) error {
				if n++; err != nil || n > 2000 {
					return fs.SkipAll
				}
				if e.IsDir() {
					return nil
				}
				b, err := h.read("/" + name)
				if err != nil {
					return nil // one that cannot be read adds nothing
				}
				ders := pemCertificates(b)
				if len(ders) == 0 && bytes.HasPrefix(b, []byte{0x30}) {
					ders = [][]byte{b}
				}
				for _, der := range ders {
					sum := sha256.Sum256(der)
					h.added[hex.EncodeToString(sum[:])] = true
				}
				return nil
			})
		}
	})
	return h.added
}

// systemBundles are the places of Go's crypto/x509 and others, in its order.
var systemBundles = []string{
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/pki/tls/cacert.pem",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	"/etc/ssl/cert.pem",
}

// systemStore is the bundle that most programs without a setting of their own
// use; "" if there is none.
func (h *Host) systemStore(d *Document) string {
	for _, f := range systemBundles {
		if h.exists(f) {
			return h.pemStore(d, f).ID
		}
	}
	return ""
}
