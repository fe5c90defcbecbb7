package trust

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
)

// systemFiles are the bundles of the distributions, most common first; the
// first that exists is taken.
var systemFiles = []string{
	"/etc/ssl/certs/ca-certificates.crt",                // Debian, Ubuntu, Arch, Gentoo
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // Fedora, RHEL 7 and later
	"/etc/pki/tls/certs/ca-bundle.crt",                  // RHEL 6
	"/etc/ssl/ca-bundle.pem",                            // openSUSE
	"/etc/ssl/cert.pem",                                 // Alpine, OpenBSD, macOS
	"/usr/local/etc/ssl/cert.pem",                       // FreeBSD
	"/usr/local/share/certs/ca-root-nss.crt",            // FreeBSD, DragonFly
	"/etc/openssl/certs/ca-certificates.crt",            // NetBSD
	"/opt/etc/ssl/certs/ca-certificates.crt",            // Entware
	"/data/data/com.termux/files/usr/etc/tls/cert.pem",  // Termux
}

// systemDirs are read only where there is no bundle: they hold the same
// certificates, a file each.
var systemDirs = []string{
	"/etc/ssl/certs",
	"/etc/pki/tls/certs",
	"/system/etc/security/cacerts", // Android
	"/usr/local/share/certs",
	"/etc/openssl/certs",
}

var systemStore = sync.OnceValues(func() (*Store, error) { return loadSystem(os.Getenv) })

// SystemStore is this machine's store: SSL_CERT_FILE and SSL_CERT_DIR if they
// are set (OpenSSL's and Go's variables), else the usual places. It is loaded
// once. The keychain of macOS cannot be read without cgo and the store of
// Windows is filled only on demand; there Mozilla's list stands in, on macOS
// only if the system's own cert.pem is missing.
func SystemStore() (*Store, error) { return systemStore() }

func loadSystem(getenv func(string) string) (*Store, error) {
	s := &Store{ID: "system", Mixed: true}
	if err := s.loadSystemFile(getenv("SSL_CERT_FILE")); err != nil {
		return nil, err
	}
	if dirs := filepath.SplitList(getenv("SSL_CERT_DIR")); len(dirs) > 0 {
		return s.andDirs(dirs)
	}
	if s.Len() > 0 {
		return s, nil
	}
	for _, d := range systemDirs {
		if err := s.loadDir(d); err == nil && s.Len() > 0 {
			s.Name = d
			return s, nil
		}
	}
	m := MozillaStore()
	return &Store{
		ID: "system", Name: "Mozilla's list (no store readable on this " + runtime.GOOS + " machine)",
		entries: m.entries, bySubject: m.bySubject,
	}, nil
}

// loadSystemFile reads the bundle that is named, or else the first usual one.
func (s *Store) loadSystemFile(file string) error {
	if file != "" {
		b, err := readBounded(file)
		if err != nil {
			return fmt.Errorf("reading SSL_CERT_FILE: %w", err)
		}
		s.Name = file
		if s.loadPEM(b); len(s.entries) == 0 {
			return fmt.Errorf("reading SSL_CERT_FILE %s: %w", file, ErrNoCertificate)
		}
		return nil
	}
	for _, f := range systemFiles {
		if b, err := readBounded(f); err == nil {
			if s.loadPEM(b); len(s.entries) > 0 {
				s.Name = f
				return nil
			}
		}
	}
	return nil
}

// andDirs adds directories. They usually hold what the bundle holds, a file
// each, and are read only where the bundle has no answer.
func (s *Store) andDirs(dirs []string) (*Store, error) {
	load := func() *Store {
		all := &Store{ID: s.ID, Name: s.Name, Mixed: true}
		for _, e := range s.entries {
			all.add(e)
		}
		for _, dir := range dirs {
			// As in OpenSSL and Go, a directory that cannot be read is an empty one.
			if err := all.loadDir(dir); err == nil && all.Name == "" {
				all.Name = dir
			}
		}
		return all
	}
	if len(s.entries) > 0 {
		s.rest = sync.OnceValue(load)
		return s, nil
	}
	all := load()
	if len(all.entries) == 0 {
		return nil, fmt.Errorf("reading SSL_CERT_DIR: %w", ErrNoCertificate)
	}
	return all, nil
}
