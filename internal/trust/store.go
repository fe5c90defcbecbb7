package trust

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Anchor is a certificate that a store trusts, with what the store demands
// beyond the certificate itself.
type Anchor struct {
	*Certificate
	// DistrustAfter refuses certificates whose notBefore is later; zero: none.
	DistrustAfter time.Time
	// Constraint is any other rule of the store: it returns why the path, leaf
	// first and anchor last, is refused, or "". nil: none.
	Constraint func(path []*Certificate) string
}

// Store is a set of trust anchors. It is safe for concurrent use. Anchors are
// parsed when they are first looked at: loading only finds their subjects.
type Store struct {
	// ID is short and stable ("system", "mozilla", "file"); Name says where the
	// anchors come from.
	ID, Name string
	// Mixed: the store holds public roots, and private ones may have been added;
	// rules for public CAs apply only to anchors that Mozilla's list has too.
	Mixed bool

	entries   []*entry
	bySubject map[string][]*entry
	// rest gives the whole store where this one holds only the part that loads
	// quickly; nil if it is whole.
	rest func() *Store

	keyIDs   sync.Once
	byKeyID  map[string][]*entry
	orgsOnce sync.Once
	orgs     map[string]bool
}

type entry struct {
	der           []byte
	distrustAfter time.Time
	constraint    func([]*Certificate) string

	once   sync.Once
	anchor *Anchor
}

func (e *entry) get() *Anchor {
	e.once.Do(func() {
		if c, err := ParseCertificate(e.der); err == nil {
			c.lasting = true
			e.anchor = &Anchor{Certificate: c, DistrustAfter: e.distrustAfter, Constraint: e.constraint}
		}
	})
	return e.anchor
}

// NewStore makes a store of certificates.
func NewStore(id, name string, certs ...*Certificate) *Store {
	s := &Store{ID: id, Name: name}
	for _, c := range certs {
		s.add(&entry{der: c.Raw})
	}
	return s
}

// whole returns the store with all that loads slowly, which is worth it only
// where the quick part has no answer.
func (s *Store) whole() *Store {
	if s == nil || s.rest == nil {
		return s
	}
	return s.rest()
}

// With returns a new store that trusts the certificates in addition.
func (s *Store) With(certs ...*Certificate) *Store {
	s = s.whole()
	n := &Store{ID: s.ID, Name: s.Name, Mixed: s.Mixed}
	for _, e := range s.entries {
		n.add(e)
	}
	for _, c := range certs {
		n.add(&entry{der: c.Raw})
	}
	return n
}

// AddConstrained adds an anchor that is distrusted for certificates issued
// after a date; a zero date is no limit. It must not be called while the store
// is in use.
func (s *Store) AddConstrained(c *Certificate, distrustAfter time.Time) {
	s.add(&entry{der: c.Raw, distrustAfter: distrustAfter})
}

// add indexes an entry by its subject; false if none can be found or the
// certificate is there already.
func (s *Store) add(e *entry) bool {
	key, ok := scanSubject(e.der)
	if !ok {
		return false
	}
	if s.bySubject == nil {
		s.bySubject = make(map[string][]*entry)
	}
	for _, old := range s.bySubject[key] {
		if bytes.Equal(old.der, e.der) {
			return false
		}
	}
	s.entries = append(s.entries, e)
	s.bySubject[key] = append(s.bySubject[key], e)
	return true
}

// scanSubject finds the subject of a certificate without reading the rest.
func scanSubject(der []byte) (string, bool) {
	in, ok := afterSerial(der)
	if !ok {
		return "", false
	}
	in.sequence() // signature
	in.sequence() // issuer
	in.sequence() // validity
	subject, ok := in.sequence()
	if !ok {
		return "", false
	}
	return parseName(subject, "").key(), true
}

// afterSerial goes into a certificate as far as behind its serial number.
func afterSerial(cert []byte) (*der, bool) {
	outer, ok := newDER(cert, nil).sequence()
	if !ok {
		return nil, false
	}
	tbs, ok := outer.inner().sequence()
	if !ok {
		return nil, false
	}
	in := tbs.inner()
	in.take(contextTag(0, true)) // version
	_, ok = in.take(tagInteger)
	return in, ok
}

// Len is the number of anchors.
func (s *Store) Len() int {
	if s == nil {
		return 0
	}
	return len(s.whole().entries)
}

// Anchors parses and returns all of them.
func (s *Store) Anchors() []*Anchor {
	var out []*Anchor
	for _, e := range s.whole().entries {
		if a := e.get(); a != nil {
			out = append(out, a)
		}
	}
	return out
}

// Contains returns the anchor that is this very certificate, or nil.
func (s *Store) Contains(c *Certificate) *Anchor {
	if s == nil {
		return nil
	}
	for _, e := range s.bySubject[c.subjectKey] {
		if bytes.Equal(e.der, c.Raw) {
			return e.get()
		}
	}
	return nil
}

// issuers returns the anchors whose subject is the certificate's issuer.
func (s *Store) issuers(c *Certificate) []*Anchor {
	if s == nil {
		return nil
	}
	var out []*Anchor
	for _, e := range s.bySubject[c.issuerKey] {
		if a := e.get(); a != nil {
			out = append(out, a)
		}
	}
	return out
}

// hasKeyID tells whether an anchor has that subject key identifier.
func (s *Store) hasKeyID(id []byte) bool {
	if s == nil || len(id) == 0 {
		return false
	}
	s.keyIDs.Do(func() {
		s.byKeyID = make(map[string][]*entry)
		for _, e := range s.entries {
			if a := e.get(); a != nil && len(a.SubjectKeyID) > 0 {
				s.byKeyID[string(a.SubjectKeyID)] = append(s.byKeyID[string(a.SubjectKeyID)], e)
			}
		}
	})
	return len(s.byKeyID[string(id)]) > 0
}

// hasOrganization tells whether an anchor's subject names that organization.
func (s *Store) hasOrganization(o string) bool {
	if s == nil || o == "" {
		return false
	}
	s.orgsOnce.Do(func() {
		s.orgs = make(map[string]bool)
		for _, e := range s.entries {
			if a := e.get(); a != nil && a.Subject.O != "" {
				s.orgs[foldOrg(a.Subject.O)] = true
			}
		}
	})
	return s.orgs[foldOrg(o)]
}

// FileStore reads the certificates of a file (PEM, DER or PKCS #7), or of all
// files of a directory. A certificate that cannot be read is an error.
func FileStore(path string) (*Store, error) {
	s := &Store{ID: "file", Name: path}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading CA file: %w", err)
	}
	if info.IsDir() {
		if err := s.loadDir(path); err != nil {
			return nil, fmt.Errorf("reading CA directory: %w", err)
		}
		if s.Len() == 0 {
			return nil, fmt.Errorf("reading CA directory %s: %w", path, ErrNoCertificate)
		}
		return s, nil
	}
	b, err := readBounded(path)
	if err != nil {
		return nil, fmt.Errorf("reading CA file: %w", err)
	}
	certs, err := ParseCertificates(b)
	if err != nil {
		return nil, fmt.Errorf("reading CA file %s: %w", path, err)
	}
	for _, c := range certs {
		s.add(&entry{der: c.Raw})
	}
	return s, nil
}

// maxStoreFile is far above any real bundle (about 250 KB).
const maxStoreFile = 64 << 20

func readBounded(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")}
	}
	if info.Size() > maxStoreFile {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("file too large for a CA bundle")}
	}
	return os.ReadFile(path)
}

// loadPEM adds what it can read and passes over the rest, as the libraries that
// use such bundles do.
func (s *Store) loadPEM(text []byte) {
	for n := 0; n < maxPEMBlocks; n++ {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return
		}
		if block.Type == "CERTIFICATE" {
			s.add(&entry{der: block.Bytes})
		}
	}
}

// loadDir reads the files of a directory. OpenSSL's links by a name's hash are
// passed over where the files have names of their own beside them.
func (s *Store) loadDir(dir string) error {
	list, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	named := slices.ContainsFunc(list, func(f fs.DirEntry) bool { return isCertFile(f.Name()) })
	for _, f := range list {
		if named && isHashLink(f) {
			continue
		}
		if b, err := readBounded(filepath.Join(dir, f.Name())); err == nil {
			s.loadPEM(b)
		}
	}
	return nil
}

func isCertFile(name string) bool {
	switch filepath.Ext(name) {
	case ".pem", ".crt", ".cer":
		return true
	}
	return false
}

// isHashLink: a symbolic link named like "0123abcd.0".
func isHashLink(f fs.DirEntry) bool {
	hash, n, ok := strings.Cut(f.Name(), ".")
	return ok && f.Type()&fs.ModeSymlink != 0 && len(hash) == 8 && strings.Trim(hash, "0123456789abcdef") == "" && strings.Trim(n, "0123456789") == ""
}

// foldOrg is an organization's name without case and legal form, so that
// "DigiCert Inc" and "DigiCert, Inc." are one.
func foldOrg(o string) string {
	o = strings.ToLower(o)
	for _, s := range []string{",", ".", "\"", "(", ")"} {
		o = strings.ReplaceAll(o, s, " ")
	}
	words := strings.Fields(o)
	for len(words) > 1 {
		switch words[len(words)-1] {
		case "inc", "ltd", "limited", "llc", "corp", "corporation", "gmbh", "ag", "sa", "nv", "bv", "co":
			words = words[:len(words)-1]
			continue
		}
		break
	}
	return strings.Join(words, " ")
}
