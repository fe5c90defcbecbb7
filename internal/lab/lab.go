// Package lab serves TLS endpoints on loopback that are broken on purpose, each
// in one way, next to healthy ones of many kinds. The lab command shows them,
// people learn on them and tests run against them.
//
//	l, err := lab.Start(ctx, lab.Options{})
//	defer l.Close()
//	for _, e := range l.Endpoints() {
//		fmt.Println(e.Name, e.Cause, e.Command)
//	}
//
// Certificates are made when the lab starts and nothing outside of loopback is
// ever contacted. What the standard library's TLS refuses to do (SSL 3.0, export
// suites, no RFC 5746 …) is done by the subpackage oddtls.
package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Domain is the parent of every endpoint's name. The top-level domain test is
// reserved (RFC 6761, Section 6.2), so no resolver on the internet knows it.
const Domain = "tlswhy.test"

// DefaultSlowness is how long the slow endpoints take for a handshake: longer
// than many clients wait, shorter than tlswhy's own limit of 30 s.
const DefaultSlowness = 12 * time.Second

// Options says where the lab is built. The zero value is ready to use.
type Options struct {
	// Addr is the loopback address to listen on; "" is 127.0.0.1.
	Addr string
	// BasePort is the first of the ports used, one after the other in the order
	// of the catalogue, so that an endpoint keeps its port from run to run
	// whatever Only says. 0: any free ports.
	BasePort int
	// Only names the endpoints to start; none: all.
	Only []string
	// Dir receives the CA file and the client certificates. It has to exist and
	// the files stay there. "": a private temporary directory that Close removes.
	Dir string
	// Slowness is the delay of slow endpoints; 0 is DefaultSlowness.
	Slowness time.Duration
}

// Skipped is an endpoint that this machine cannot have.
type Skipped struct {
	Name string
	Why  string
}

// Lab is a set of running endpoints.
type Lab struct {
	opts      Options
	pki       *pki
	dns       *resolver
	plan      map[string]int // first port of each endpoint, if BasePort is set
	endpoints []Endpoint
	skipped   []Skipped
	dir       string
	ownDir    bool
	stopAfter func() bool

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	closers map[interface{ Close() error }]struct{}
}

// Start brings the endpoints up. They serve until Close is called or ctx ends.
func Start(ctx context.Context, opts Options) (*Lab, error) {
	if opts.Addr == "" {
		opts.Addr = "127.0.0.1"
	}
	if ip := net.ParseIP(opts.Addr); ip == nil || !ip.IsLoopback() {
		// These servers hold bad keys and answer anybody: never to a network.
		return nil, fmt.Errorf("lab address %q is no loopback address", opts.Addr)
	}
	if opts.Slowness == 0 {
		opts.Slowness = DefaultSlowness
	}
	chosen, err := choose(opts.Only)
	if err != nil {
		return nil, err
	}
	l := &Lab{opts: opts, closers: map[interface{ Close() error }]struct{}{}}
	if l.plan, err = planPorts(opts.BasePort); err != nil {
		return nil, err
	}
	l.ctx, l.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if err := l.up(chosen); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	l.stopAfter = context.AfterFunc(ctx, func() { _ = l.stop() })
	return l, nil
}

func (l *Lab) up(chosen []*entry) error {
	if err := l.makeDir(); err != nil {
		return err
	}
	ln, err := l.listenPort(pkiPort)
	if err != nil {
		return fmt.Errorf("starting the lab's certificate server: %w", err)
	}
	if l.pki, err = newPKI("http://" + ln.Addr().String()); err != nil {
		return errors.Join(err, ln.Close())
	}
	l.serve(ln, l.pki.serveHTTP)
	if err := l.pki.writeFiles(l.dir); err != nil {
		return err
	}
	if l.dns, err = l.startDNS(); err != nil {
		return err
	}
	return l.startAll(chosen)
}

// startAll brings the endpoints up, several at a time: making certificates and
// waiting for the kernel both take their milliseconds.
func (l *Lab) startAll(chosen []*entry) error {
	const atOnce = 4
	envs, errs := make([]*env, len(chosen)), make([]error, len(chosen))
	slots := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for i, en := range chosen {
		envs[i] = &env{lab: l, pki: l.pki, entry: en, host: en.Host, port: l.plan[en.Name]}
		slots <- struct{}{}
		wg.Go(func() {
			errs[i] = en.up(envs[i])
			<-slots
		})
	}
	wg.Wait()
	for i, en := range chosen {
		var cannot unavailableError
		switch {
		case errors.As(errs[i], &cannot):
			l.skipped = append(l.skipped, Skipped{en.Name, cannot.why})
		case errs[i] != nil:
			return fmt.Errorf("starting endpoint %s: %w", en.Name, errs[i])
		default:
			l.endpoints = append(l.endpoints, envs[i].endpoint())
		}
	}
	return nil
}

func (l *Lab) makeDir() error {
	if l.opts.Dir != "" {
		dir, err := filepath.Abs(l.opts.Dir)
		if err != nil {
			return fmt.Errorf("lab directory: %w", err)
		}
		l.dir = dir
		return nil
	}
	dir, err := os.MkdirTemp("", "tlswhy-lab-")
	if err != nil {
		return fmt.Errorf("lab directory: %w", err)
	}
	l.dir, l.ownDir = dir, true
	return nil
}

// Endpoints lists what is running, in the order of the catalogue.
func (l *Lab) Endpoints() []Endpoint { return slices.Clone(l.endpoints) }

// Endpoint returns a running endpoint by its name.
func (l *Lab) Endpoint(name string) (Endpoint, bool) {
	for _, e := range l.endpoints {
		if e.Name == name {
			return e, true
		}
	}
	return Endpoint{}, false
}

// Skipped lists what was asked for and cannot be had on this machine, with why.
func (l *Lab) Skipped() []Skipped { return slices.Clone(l.skipped) }

// CAFile is the path of the PEM file with the lab's roots.
func (l *Lab) CAFile() string { return filepath.Join(l.dir, caFile) }

// Resolver is the address of the lab's name server, which knows the endpoints'
// names and no others.
func (l *Lab) Resolver() string { return l.dns.addr }

// Close stops every endpoint, waits for all of the lab's goroutines and removes
// the directory if it is the lab's own. It may be called more than once.
func (l *Lab) Close() error {
	if l.stopAfter != nil {
		l.stopAfter()
	}
	return l.stop()
}

// stop is Close, also from the goroutine that watches the context.
func (l *Lab) stop() error {
	l.mu.Lock()
	l.closed = true
	var errs []error
	for c := range l.closers {
		if err := c.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	clear(l.closers)
	l.mu.Unlock()
	l.cancel()
	l.wg.Wait()
	if l.ownDir {
		errs = append(errs, os.RemoveAll(l.dir))
	}
	return errors.Join(errs...)
}

func choose(only []string) ([]*entry, error) {
	all := entries()
	if len(only) == 0 {
		return all, nil
	}
	known := map[string]bool{}
	for _, e := range all {
		known[e.Name] = true
	}
	for _, name := range only {
		if !known[name] {
			return nil, fmt.Errorf("no lab endpoint is named %q; there are %s", name, strings.Join(names(all), ", "))
		}
	}
	return slices.DeleteFunc(all, func(e *entry) bool { return !slices.Contains(only, e.Name) }), nil
}

func names(es []*entry) []string {
	var out []string
	for _, e := range es {
		out = append(out, e.Name)
	}
	return out
}
