package env

import (
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// Schema names the document.
const Schema = "tlswhy/env/v1"

// Document is a machine as a client.
type Document struct {
	Schema   string     `json:"schema"`
	Version  string     `json:"tlswhy"` // version of the program
	Time     string     `json:"time"`   // RFC 3339, by this machine's clock
	System   System     `json:"system"`
	Clock    Clock      `json:"clock"`
	Proxy    Proxy      `json:"proxy"`
	Settings []Variable `json:"variables"` // of the environment, that matter to TLS
	// Policies are the system-wide ones: crypto-policies, GnuTLS.
	Policies []Policy  `json:"policies"`
	Stacks   []Stack   `json:"stacks"`
	Stores   []Store   `json:"stores"`
	Findings []Finding `json:"findings"` // worst first
}

// System is the operating system.
type System struct {
	OS      string `json:"os"`                // "linux"
	Arch    string `json:"arch"`              // "amd64"
	ID      string `json:"id,omitempty"`      // "debian"
	Name    string `json:"name,omitempty"`    // "Debian GNU/Linux 12 (bookworm)"
	Release string `json:"release,omitempty"` // "12"
	Kernel  string `json:"kernel,omitempty"`
}

// Clock is what can be told of the clock without asking anybody.
type Clock struct {
	Now string `json:"now"` // RFC 3339
	// Synchronised is what the kernel says, which is what a time daemon told it.
	Synchronised transcript.Tri `json:"synchronised"`
	// MaxErrorMS bounds the error, in milliseconds; only if synchronised.
	MaxErrorMS float64 `json:"max_error_ms,omitempty"`
	// Daemons of time whose files are there: chrony, systemd-timesyncd, ntpd.
	Daemons []string `json:"daemons"`
	// NotBefore is a time that is past for certain, and Evidence says why.
	NotBefore string `json:"not_before,omitempty"`
	Evidence  string `json:"evidence,omitempty"`
	// BehindMS is how far the clock is behind NotBefore, in milliseconds.
	BehindMS float64 `json:"behind_ms,omitempty"`
}

// Proxy is what the environment says about proxies. Passwords are left out.
type Proxy struct {
	Variables []Variable `json:"variables"`
	// Exempt are the entries of NO_PROXY.
	Exempt []string `json:"exempt"`
}

// Variable is one of the environment that matters to TLS.
type Variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	What  string `json:"what"` // what it does
	For   string `json:"for"`  // who reads it
	// Exists: the file or directory that it names; unknown where it names none.
	Exists transcript.Tri `json:"exists"`
}

// Policy is one of the system for several libraries.
type Policy struct {
	ID   string `json:"id"` // "crypto-policies", "gnutls"
	Name string `json:"name"`
	Path string `json:"path"`
	// Settings that it makes.
	Settings []Setting `json:"settings"`
}

// Setting is a line of a configuration file that is in force, or a default that
// a program has compiled in (then File is "").
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	File  string `json:"file,omitempty"`
	Line  int    `json:"line,omitempty"` // from 1
}

// Stack is a program or language with its TLS library, as it is set up here.
type Stack struct {
	ID      string `json:"id"`   // "openssl", "python", …
	Name    string `json:"name"` // for people
	Path    string `json:"path"`
	Version string `json:"version,omitempty"`
	Library string `json:"library,omitempty"` // "OpenSSL 3.0.22"
	// MinVersion and MaxVersion in force; 0: not known.
	MinVersion wire.Version `json:"min_version,omitempty"`
	MaxVersion wire.Version `json:"max_version,omitempty"`
	// SecurityLevel of OpenSSL, 0 to 5; -1: the stack has none, or it is not known.
	SecurityLevel int `json:"security_level"`
	// Suites that it offers, in order, where the program could be asked.
	Suites []wire.CipherSuite `json:"suites,omitempty"`
	// Groups that it was configured to offer, in order.
	Groups []wire.Group `json:"groups,omitempty"`
	// SignatureSchemes that it was configured to offer, in order.
	SignatureSchemes []wire.SignatureScheme `json:"signature_schemes,omitempty"`
	// Hello that it sends for the name a.example.com, where the program could be
	// asked for one: a record.
	Hello []byte `json:"hello,omitempty"`
	// JA4 of Hello.
	JA4 string `json:"ja4,omitempty"`
	// Settings that decide.
	Settings []Setting `json:"settings"`
	// Store is the id of its root store; "" if it was not found.
	Store string `json:"store,omitempty"`
	// Profile is the nearest client of tlswhy clients --list, and Nearness says
	// what differs.
	Profile  string    `json:"profile,omitempty"`
	Nearness string    `json:"nearness,omitempty"`
	Packages []Setting `json:"packages"` // what it has installed that matters: certifi, requests
	// Advice is how to add a CA and how to change versions there.
	Advice []Advice `json:"advice"`
	// Problems met when asking it.
	Problems []string `json:"problems"`
}

// Advice is what to do for one purpose.
type Advice struct {
	For  string   `json:"for"` // "add a CA", "allow TLS 1.0", …
	Text string   `json:"text"`
	Run  []string `json:"run,omitempty"`
}

// Store is a set of roots.
type Store struct {
	ID     string `json:"id"` // its path
	Path   string `json:"path"`
	Format string `json:"format"` // "PEM", "directory", "JKS", "PKCS12", "built in"
	Roots  int    `json:"roots"`
	// SHA256 of the sorted SHA-256 fingerprints of its certificates, in hexadecimal.
	SHA256 string `json:"sha256"`
	Newest string `json:"newest,omitempty"` // the latest notBefore of a root, RFC 3339
	// NewestName is whose that is.
	NewestName string `json:"newest_name,omitempty"`
	Expired    []Root `json:"expired"`
	// Unlisted are in no list of Mozilla's that is built in: private CAs, and CAs
	// of other programmes.
	Unlisted []Root `json:"unlisted"`
	// Missing are roots that much of the web depends on.
	Missing []Root   `json:"missing"`
	UsedBy  []string `json:"used_by"` // ids of stacks
	Problem string   `json:"problem,omitempty"`
	// Certificates are all of them, by their fingerprints.
	Certificates []Root `json:"certificates"`

	certs map[string]bool // fingerprints
	ders  [][]byte
}

// Root is a root certificate.
type Root struct {
	Subject  string `json:"subject"`
	SHA256   string `json:"sha256"`
	NotAfter string `json:"not_after,omitempty"`
	// Interception is the product whose mark the name bears.
	Interception string `json:"interception,omitempty"`
	// Added: it lies where this system's administrator adds CAs.
	Added bool `json:"added,omitempty"`
}

// Finding is what will hurt, or does.
type Finding struct {
	ID       string         `json:"id"`
	Severity cause.Severity `json:"severity"`
	Stack    string         `json:"stack,omitempty"` // id, "" for the machine
	Title    string         `json:"title"`
	Detail   string         `json:"detail"`
	Fix      string         `json:"fix"`
	// File and Line where it stands.
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
}

// Stack finds a stack by its id.
func (d *Document) Stack(id string) *Stack {
	for i := range d.Stacks {
		if d.Stacks[i].ID == id {
			return &d.Stacks[i]
		}
	}
	return nil
}

// StoreOf is the store that a stack uses, nil if none was found.
func (d *Document) StoreOf(s *Stack) *Store {
	for i := range d.Stores {
		if s.Store != "" && d.Stores[i].ID == s.Store {
			return &d.Stores[i]
		}
	}
	return nil
}

func rfc3339(t time.Time) string { return t.UTC().Format(time.RFC3339) }
