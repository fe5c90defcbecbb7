//go:build linux

package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/diagnose"
	"github.com/tlswhy/tlswhy/internal/probe"
	tlsreport "github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

var updateCorpus = flag.Bool("update", false, "record the corpus of internal/diagnose anew, from the servers of the tables")

// corpusDir is replayed by the tests of internal/diagnose, which starts no server.
const corpusDir = "../internal/diagnose/testdata/corpus"

// recording is a check of a real server: its circumstances, and every attempt in the order in which it was begun. The
// tests of internal/diagnose read the same form.
type recording struct {
	Target      string
	Client      string
	SNI         string   // as the option; "none" sends none
	Roots       string   // a file of PEM in the corpus; "": the client's own
	Certificate [][]byte // the client's, DER
	Connect     string
	Begun       time.Time
	Transcripts []*transcript.Transcript
}

// recordable are the rows whose circumstances a recording can hold. Servers that need root, time or several processes are
// left to TestCauses, and of the dozen that demand client certificates alike three will do.
func recordable() []row {
	return slices.DeleteFunc(allRows(), func(r row) bool {
		switch r.server {
		case "kernel", "balancer", "backlog", "nothing", "go":
			return true
		case "stunnel", "hitch": // the same OpenSSL as nginx, with the same answers
			return true
		case "nginx", "gnutls", "java":
		default:
			if strings.HasPrefix(r.want.cause, "mtls-") || r.spec.clients == "require" {
				return true
			}
		}
		if r.noConnect || r.serial || strings.HasPrefix(r.name, "proxy/") {
			return true
		}
		switch {
		case len(r.args) == 0, len(r.args) == 2 && r.args[0] == "--sni", len(r.args) == 4 && r.args[0] == "--cert" && r.args[2] == "--key":
			return false
		}
		return true
	})
}

// caseName is a row's name as a directory.
func caseName(r row) string { return strings.ReplaceAll(r.name, "/", "-") }

// TestRecordCorpus records with -update. Otherwise it says which rows and recordings have lost each other.
func TestRecordCorpus(t *testing.T) {
	rows := recordable()
	if *updateCorpus {
		if err := os.MkdirAll(corpusDir, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			t.Run(r.name, func(t *testing.T) {
				e := r.up(t)
				record(t, &r, e)
			})
		}
	}
	entries, err := os.ReadDir(corpusDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && !slices.ContainsFunc(rows, func(r row) bool { return caseName(r) == e.Name() }) {
			if *updateCorpus {
				_ = os.RemoveAll(filepath.Join(corpusDir, e.Name()))
				continue
			}
			t.Errorf("%s is a recording of no row: delete it, or record anew with -update", e.Name())
		}
	}
}

// recorder keeps what the prober makes.
type recorder struct {
	*probe.Prober
	mu    sync.Mutex
	order []*transcript.Transcript
}

func (r *recorder) Try(ctx context.Context, a transcript.Attempt) (*transcript.Transcript, error) {
	r.mu.Lock()
	i := len(r.order)
	r.order = append(r.order, nil)
	r.mu.Unlock()
	t, err := r.Prober.Try(ctx, a)
	if err == nil {
		kept := *t
		kept.Attempt = a
		r.mu.Lock()
		r.order[i] = &kept
		r.mu.Unlock()
	}
	return t, err
}

func record(t *testing.T, r *row, e *env) {
	t.Helper()
	rec := recording{Target: r.target, Client: r.as, Connect: e.addr(), Begun: time.Now()}
	if rec.Client == "" {
		rec.Client = client.Default
	}
	target, err := tlsreport.ParseTarget(r.target)
	if err != nil {
		t.Fatal(err)
	}
	p, err := client.Get(rec.Client)
	if err != nil {
		t.Fatal(err)
	}
	o := diagnose.Options{Client: p, Connect: "127.0.0.1", ConnectPort: uint16(e.port), Timeout: 8 * time.Second}
	if !r.noRoots {
		text, err := os.ReadFile(e.pki.roots())
		if err != nil {
			t.Fatal(err)
		}
		rec.Roots = fmt.Sprintf("roots-%x.pem", sha256.Sum256(text))[:14] + ".pem"
		if err := os.WriteFile(filepath.Join(corpusDir, rec.Roots), text, 0o644); err != nil {
			t.Fatal(err)
		}
		if o.Roots, err = trust.FileStore(e.pki.roots()); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.args) > 0 {
		switch r.args[0] {
		case "--sni":
			if rec.SNI = r.args[1]; rec.SNI == "none" {
				o.NoSNI = true
			} else {
				o.SNI = rec.SNI
			}
		case "--cert":
			id := e.id(strings.TrimSuffix(strings.TrimPrefix(r.args[1], "{chain:"), "}"))
			text, err := os.ReadFile(id.chainFile)
			if err != nil {
				t.Fatal(err)
			}
			for b, rest := pem.Decode(text); b != nil; b, rest = pem.Decode(rest) {
				rec.Certificate = append(rec.Certificate, b.Bytes)
			}
			o.Certificate = &transcript.ClientCertificate{Chain: rec.Certificate, Key: id.key}
		}
	}
	// No resolver: a recording has nothing of this machine's.
	ln, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	resolver := ln.LocalAddr().String()
	_ = ln.Close()
	tape := &recorder{Prober: probe.New(probe.Options{Timeout: o.Timeout, Resolver: resolver})}
	live, err := diagnose.Check(t.Context(), tape, target, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range tape.order {
		if x != nil {
			rec.Transcripts = append(rec.Transcripts, trimmed(x))
		}
	}
	text, err := json.Marshal(rec)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(corpusDir, caseName(*r))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "transcripts.json.zst"), z.EncodeAll(text, nil), 0o644); err != nil {
		t.Fatal(err)
	}
	got := ""
	if root := live.Root(); root != nil {
		got = string(root.Cause)
	}
	if got != r.want.cause && !slices.Contains(r.want.or, got) {
		t.Errorf("recorded with %q as root cause, where the table wants %q", got, r.want.cause)
	}
}

// trimmed leaves out what no rule reads and nothing compresses: randoms, keys, signatures, ciphertext.
func trimmed(t *transcript.Transcript) *transcript.Transcript {
	if h := t.Attempt.Handshake; h != nil && h.Hello != nil && len(h.Records) == 0 {
		t.Hello = blankHello(t.Hello)
	}
	t.Retried = nil
	if t.Response != nil {
		r := *t.Response
		r.Body = bytes.ReplaceAll(r.Body, []byte(workDir), []byte("/srv"))
		t.Response = &r
	}
	if r, _, err := wire.ParseRecord(t.Reply); err == nil {
		t.Reply = t.Reply[:min(len(t.Reply), len(r.Payload)+wire.RecordHeaderLen, 64)]
	}
	for _, s := range []**wire.ServerHello{&t.Server, &t.Retry} {
		if *s == nil {
			continue
		}
		c := **s
		c.SessionID = make([]byte, len(c.SessionID))
		if !c.IsHelloRetryRequest() {
			clear(c.Random[:24]) // the rest may say that it is a downgrade
			if ks, ok := c.KeyShare(); ok {
				e := wire.KeyShareExt(wire.KeyShare{Group: ks.Group, Data: make([]byte, len(ks.Data))})
				c.Extensions = slices.Clone(c.Extensions)
				for i := range c.Extensions {
					if c.Extensions[i].Type == e.Type {
						c.Extensions[i].Data = e.Data[2:]
					}
				}
			}
		}
		*s = &c
	}
	if t.KeyExchange != nil {
		k := *t.KeyExchange
		k.Params, k.Point, k.Y, k.Signature = nil, make([]byte, len(k.Point)), make([]byte, len(k.Y)), make([]byte, len(k.Signature))
		t.KeyExchange = &k
	}
	return t
}

// blankHello is a hello as sent without what is fresh in it.
func blankHello(b []byte) []byte {
	r, rest, err := wire.ParseRecord(b)
	if err != nil || len(rest) > 0 {
		return b
	}
	m, _, err := wire.ParseMessage(r.Payload)
	if err != nil {
		return b
	}
	h, err := wire.ParseClientHello(m.Body)
	if err != nil {
		return b
	}
	h.Random = [32]byte{}
	clear(h.SessionID)
	if shares := h.KeyShares(); shares != nil {
		for i := range shares {
			clear(shares[i].Data)
		}
		h.Set(wire.KeyShareExt(shares...))
	}
	msg, err := h.Marshal()
	if err != nil || len(msg) != len(r.Payload) || bytes.Equal(msg, r.Payload) {
		return b
	}
	return wire.AppendRecord(nil, r.Type, r.Version, msg)
}
