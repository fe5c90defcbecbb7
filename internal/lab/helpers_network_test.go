package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// rawHello is what current clients have in common.
func rawHello(host string) *wire.ClientHello {
	return &wire.ClientHello{
		LegacyVersion: wire.VersionTLS12, CompressionMethods: []wire.CompressionMethod{0},
		CipherSuites: append(append([]wire.CipherSuite(nil), suites13...), suites12...),
		Extensions: []wire.Extension{
			wire.ServerNameExt(host), wire.ExtendedMasterSecretExt(), wire.RenegotiationInfoExt(nil), wire.ECPointFormatsExt(),
			wire.SupportedVersionsExt(wire.VersionTLS13, wire.VersionTLS12), wire.SupportedGroupsExt(wire.GroupX25519, wire.GroupSecp256r1),
			wire.SignatureAlgorithmsExt(wire.SigECDSASecp256r1SHA256, wire.SigRSAPSSRSAESHA256),
			wire.KeyShareExt(wire.KeyShare{Group: wire.GroupX25519, Data: bytes.Repeat([]byte{9}, 32)}),
		},
	}
}

// answer sends writes and sorts what comes back within a time.
func answer(e Endpoint, within time.Duration, writes ...[]byte) string {
	c, err := net.Dial("tcp", e.Addr)
	if err != nil {
		return err.Error()
	}
	defer c.Close()
	for i, w := range writes {
		if i > 0 {
			time.Sleep(50 * time.Millisecond)
		}
		if _, err := c.Write(w); err != nil {
			return err.Error()
		}
	}
	c.SetReadDeadline(time.Now().Add(within))
	buf := make([]byte, 1<<14)
	n, err := c.Read(buf)
	buf = buf[:n]
	switch {
	case errors.Is(err, syscall.ECONNRESET):
		return "reset"
	case os.IsTimeout(err):
		return "silence"
	case err != nil:
		return "closed"
	}
	r, _, err := wire.ParseRecord(buf)
	switch {
	case errors.Is(err, wire.ErrNotTLS):
		return "no TLS"
	case r.Type == wire.ContentHandshake && r.Payload[0] == byte(wire.TypeServerHello):
		return "ServerHello"
	case r.Type == wire.ContentAlert:
		return "alert"
	}
	return "something else"
}

func sends(change func(*wire.ClientHello), want string) func(*testing.T, Endpoint) error {
	return func(t *testing.T, e Endpoint) error {
		h := rawHello(e.Host)
		if change != nil {
			change(h)
		}
		b, err := h.Marshal()
		if err != nil {
			return err
		}
		within := patience
		if want == "silence" {
			within = silence
		}
		if got := answer(e, within, wire.AppendRecord(nil, wire.ContentHandshake, wire.VersionTLS10, b)); got != want {
			return fmt.Errorf("%s, want %s", got, want)
		}
		return nil
	}
}

// splitPasses cuts the name in two: by segments, and by records.
func splitPasses(t *testing.T, e Endpoint) error {
	b, err := rawHello(e.Host).Marshal()
	if err != nil {
		return err
	}
	at := bytes.Index(b, []byte(e.Host)) + 3
	one := wire.AppendRecord(nil, wire.ContentHandshake, wire.VersionTLS10, b)
	two := wire.AppendRecords(nil, wire.ContentHandshake, wire.VersionTLS10, b, at, 1<<14)
	if got := answer(e, patience, one[:at+5], one[at+5:]); got != "ServerHello" {
		return fmt.Errorf("two segments: %s", got)
	}
	if got := answer(e, patience, two); got != "ServerHello" {
		return fmt.Errorf("two records: %s", got)
	}
	return nil
}

func twoSegmentsFail(_ *testing.T, e Endpoint) error {
	b, err := rawHello(e.Host).Marshal()
	if err != nil {
		return err
	}
	one := wire.AppendRecord(nil, wire.ContentHandshake, wire.VersionTLS10, b)
	if got := answer(e, silence, one[:100], one[100:]); got != "silence" {
		return errors.New(got)
	}
	return nil
}

func speaksScheme(t *testing.T, e Endpoint) error {
	return sends(func(h *wire.ClientHello) {
		h.Set(wire.SignatureAlgorithmsExt(wire.SigECDSABrainpoolP256r1TLS13SHA256))
	}, "ServerHello")(t, e)
}

func answersSSL2(_ *testing.T, e Endpoint) error {
	_, err := ssl2Answer(e)
	return err
}

func ssl2Answer(e Endpoint) (*wire.SSL2ServerHello, error) {
	h := wire.SSL2ClientHello{Version: wire.VersionSSL20, Ciphers: []wire.SSL2Cipher{0x010080}, Challenge: make([]byte, 16)}
	c, err := net.Dial("tcp", e.Addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	if _, err := c.Write(h.Marshal()); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(c)
	if err != nil {
		return nil, err
	}
	s, err := wire.ParseSSL2ServerHello(b)
	if err == nil && (len(s.Ciphers) != 1 || len(s.Certificate) == 0) {
		err = fmt.Errorf("SERVER-HELLO %+v", s)
	}
	return s, err
}

func takesAtLeast(l func(testing.TB) *Lab) func(*testing.T, Endpoint) error {
	return func(t *testing.T, e Endpoint) error {
		start, d := time.Now(), l(t).opts.Slowness
		_, _, err := shake(t, e, nil)
		if took := time.Since(start); err == nil && took < d {
			err = fmt.Errorf("took %s, less than %s", took, d)
		}
		return err
	}
}

// sendHello opens a connection and says hello.
func sendHello(e Endpoint) (net.Conn, error) {
	b, err := rawHello(e.Host).Marshal()
	if err != nil {
		return nil, err
	}
	c, err := net.Dial("tcp", e.Addr)
	if err != nil {
		return nil, err
	}
	_, err = c.Write(wire.AppendRecord(nil, wire.ContentHandshake, wire.VersionTLS10, b))
	return c, err
}

// receives wants exactly n bytes in answer to a hello, and then no more.
func receives(n int) func(*testing.T, Endpoint) error {
	return func(_ *testing.T, e Endpoint) error {
		c, err := sendHello(e)
		if err != nil {
			return err
		}
		defer c.Close()
		c.SetReadDeadline(time.Now().Add(patience))
		if _, err := io.ReadFull(c, make([]byte, n)); err != nil {
			return err
		}
		c.SetReadDeadline(time.Now().Add(silence))
		if more, _ := c.Read(make([]byte, 1)); more > 0 {
			return fmt.Errorf("more than %d bytes", n)
		}
		return nil
	}
}

func drips(_ *testing.T, e Endpoint) error {
	c, err := sendHello(e)
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetReadDeadline(time.Now().Add(patience))
	start := time.Now()
	if _, err := io.ReadFull(c, make([]byte, 3)); err != nil {
		return err
	}
	if took := time.Since(start); took < 1800*time.Millisecond {
		return fmt.Errorf("three bytes in %s", took)
	}
	return nil
}

// plain talks in clear text.
func plain(say, want string) func(*testing.T, Endpoint) error {
	return func(_ *testing.T, e Endpoint) error {
		c, err := net.Dial("tcp", e.Addr)
		if err != nil {
			return err
		}
		defer c.Close()
		if _, err := io.WriteString(c, say); err != nil {
			return err
		}
		c.SetReadDeadline(time.Now().Add(patience))
		var got []byte
		for buf := make([]byte, 4096); !bytes.Contains(got, []byte(want)); {
			n, err := c.Read(buf)
			got = append(got, buf[:n]...)
			if err != nil {
				return fmt.Errorf("%q, want %q: %w", got, want, err)
			}
		}
		return nil
	}
}

// acceptsFirst: TCP is fine until something is sent.
func acceptsFirst(_ *testing.T, e Endpoint) error {
	if got := answer(e, silence); got != "silence" {
		return errors.New(got)
	}
	return nil
}

func resetAtOnce(_ *testing.T, e Endpoint) error {
	if got := answer(e, patience); got != "reset" && !strings.Contains(got, "reset by peer") {
		return errors.New(got)
	}
	return nil
}

func lookup(want string) func(*testing.T, Endpoint) error {
	return func(t *testing.T, e Endpoint) error {
		_, err := resolver1(running(t)).LookupHost(t.Context(), e.Host)
		return expect(err, want)
	}
}

func resolver1(l *Lab) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, l.Resolver())
	}}
}

func dialSays(want string) func(*testing.T, Endpoint) error {
	return func(_ *testing.T, e Endpoint) error {
		c, err := net.DialTimeout("tcp", e.Addr, 500*time.Millisecond)
		if err == nil {
			c.Close()
		}
		return expect(err, want)
	}
}

// state is how a verified handshake ends, in a word.
func state(t *testing.T, e Endpoint) string {
	_, _, err := shake(t, e, nil)
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, syscall.ECONNRESET):
		return "reset"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case strings.Contains(err.Error(), "expired"):
		return "expired"
	}
	return err.Error()
}

func alternates(want ...string) func(*testing.T, Endpoint) error {
	return func(t *testing.T, e Endpoint) error {
		var got []string
		for range want {
			got = append(got, state(t, e))
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			return fmt.Errorf("%q", got)
		}
		return nil
	}
}

func passesLater(t *testing.T, e Endpoint) error {
	if s := state(t, e); s != "reset" {
		return fmt.Errorf("at first: %s", s)
	}
	time.Sleep(2100 * time.Millisecond)
	if s := state(t, e); s != "ok" {
		return fmt.Errorf("later: %s", s)
	}
	if s := state(t, e); s != "reset" {
		return fmt.Errorf("at once again: %s", s)
	}
	return nil
}

func thirdIsReset(_ *testing.T, e Endpoint) error {
	var err error
	// The connection of the claim before may still count: then the first two are
	// not both held.
	for try := range 5 {
		time.Sleep(time.Duration(try) * 200 * time.Millisecond)
		if err = heldThenReset(e, 2); err == nil {
			return nil
		}
	}
	return err
}

// heldThenReset holds n connections, on which nothing is said, and wants the next
// one to be reset.
func heldThenReset(e Endpoint, n int) error {
	var last net.Conn
	for range n + 1 {
		c, err := net.Dial("tcp", e.Addr)
		if err != nil {
			return err
		}
		defer c.Close()
		last = c
		time.Sleep(50 * time.Millisecond)
	}
	if err := last.SetReadDeadline(time.Now().Add(3 * time.Second)); err != nil {
		return err
	}
	if _, err := last.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		return fmt.Errorf("connection %d ends with %w", n+1, err)
	}
	return nil
}

// bansAfter fails n times, and then again until it is locked out: the server
// counts a failure a moment after the client has seen it.
func bansAfter(n int) func(*testing.T, Endpoint) error {
	return func(_ *testing.T, e Endpoint) error {
		for i := range 3 * n {
			got := answer(e, patience, []byte("\x15\x03\x01\x00\x02\x01\x00"))
			banned := got == "reset" || strings.Contains(got, "reset by peer") || strings.Contains(got, "broken pipe")
			switch {
			case banned && i < n:
				return fmt.Errorf("banned after %d", i)
			case banned:
				return nil
			}
		}
		return errors.New("never banned")
	}
}

// resolves looks the name up and tries each address.
func resolves(want ...string) func(*testing.T, Endpoint) error {
	return func(t *testing.T, e Endpoint) error {
		host, port, err := net.SplitHostPort(e.Target)
		if err != nil {
			return err
		}
		addrs, err := resolver1(running(t)).LookupHost(t.Context(), host)
		if err != nil || len(addrs) != len(want) {
			return fmt.Errorf("%v, %w", addrs, err)
		}
		for i, a := range addrs {
			e.Addr = net.JoinHostPort(a, port)
			if s := state(t, e); s != want[i] {
				return fmt.Errorf("%s: %s", e.Addr, s)
			}
		}
		return nil
	}
}

// javaSpeaks finishes a handshake with a suite and version of old.
func javaSpeaks(protocol, suite string) func(*testing.T, Endpoint) error {
	return func(t *testing.T, e Endpoint) error {
		return java(t, e, protocol, suite, ": HTTP/1.1 200 OK "+protocol+" "+suite)
	}
}

func javaSays(want string) func(*testing.T, Endpoint) error {
	return func(t *testing.T, e Endpoint) error {
		return java(t, e, "TLSv1.3", "TLS_AES_128_GCM_SHA256", want)
	}
}

func java(t *testing.T, e Endpoint, protocol, suite, want string) error {
	_, port, err := net.SplitHostPort(e.Addr)
	if err != nil {
		return err
	}
	if _, err := strconv.Atoi(port); err != nil {
		return err
	}
	out := run(t, 30*time.Second, "", "java", "-XX:TieredStopAtLevel=1", "oddtls/testdata/OldClient.java", port+" "+protocol+" "+suite)
	if !strings.Contains(out, want) {
		return errors.New(out)
	}
	return nil
}
