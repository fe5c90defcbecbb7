package engine

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"flag"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

var update = flag.Bool("update", false, "record the handshakes of testdata/replay anew: -replay-from says from where")

// replayFrom is where -update records: "name=host:port,…". With OpenSSL:
//
//	openssl s_server -www -accept 19443 -cert … -key … -cipher ALL:@SECLEVEL=0
//	go test ./internal/engine -run Replay -update -replay-from openssl3-tls12-cbc=127.0.0.1:19443
var replayFrom = flag.String("replay-from", "", "name=host:port of the servers to record, separated by commas")

// recording is a handshake of a real peer: because our side draws everything
// from a fixed source, the peer's bytes alone repeat it.
type recording struct {
	Hello    *wire.ClientHello
	Server   string // what the peer said, in hexadecimal digits
	Version  string
	Suite    string
	Group    string
	Sig      string
	Valid    transcript.Tri
	Finished transcript.Tri
	Status   int
	Tickets  int
	Leaf     string
	Outcome  transcript.Outcome
}

func (r *recording) summarize(t *transcript.Transcript) {
	r.Version, r.Group, r.Sig = t.Version().String(), t.Group.String(), t.Signature.String()
	if t.Server != nil {
		r.Suite = t.Server.CipherSuite.String()
	}
	r.Valid, r.Finished, r.Tickets, r.Leaf, r.Outcome = t.SignatureValid, t.Finished, t.Tickets, t.LeafSHA256(), t.Outcome
	if t.Response != nil {
		r.Status = t.Response.Status
	}
}

// tee keeps what the peer says.
type tee struct {
	net.Conn
	got bytes.Buffer
}

func (c *tee) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.got.Write(b[:n])
	return n, err
}

// replayHello is that of the recording's name: "…-tls12-cbc".
func replayHello(name string) *wire.ClientHello {
	h := fuzzHello(wire.VersionTLS13)
	h.SessionID = make([]byte, 32)
	schemes := wire.SignatureAlgorithmsExt(wire.SigRSAPSSRSAESHA256, wire.SigECDSASecp256r1SHA256, wire.SigRSAPKCS1SHA256, wire.SigEd25519)
	switch {
	case strings.Contains(name, "tls10"):
		h = fuzzHello(wire.VersionTLS10)
	case strings.Contains(name, "tls12"):
		h = fuzzHello(wire.VersionTLS12)
		h.Set(schemes)
	default:
		h.Set(schemes)
		if strings.Contains(name, "retry") {
			h.Set(wire.KeyShareExt())
		}
	}
	h.Set(wire.ServerNameExt("www.example.test"))
	h.CipherSuites = []wire.CipherSuite{
		wire.TLS_AES_128_GCM_SHA256, wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, wire.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, wire.TLS_DHE_RSA_WITH_AES_128_CBC_SHA, wire.TLS_RSA_WITH_AES_128_CBC_SHA,
	}
	switch {
	case strings.Contains(name, "cbc"):
		h.CipherSuites = []wire.CipherSuite{wire.TLS_DHE_RSA_WITH_AES_128_CBC_SHA}
		h.Set(wire.EncryptThenMACExt())
	case strings.Contains(name, "rsakx"):
		h.CipherSuites = []wire.CipherSuite{wire.TLS_RSA_WITH_AES_128_CBC_SHA}
	}
	return h
}

func playback(nc net.Conn, r *recording) *transcript.Transcript {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	tr := &transcript.Transcript{}
	h := &transcript.Handshake{Host: "www.example.test", Port: 443, Hello: r.Hello, Depth: transcript.DepthRequest, Wait: 5 * time.Second}
	Run(ctx, nc, h, tr, Options{Rand: seeded(7), UserAgent: "replay"})
	return tr
}

func TestReplay(t *testing.T) {
	const dir = "testdata/replay"
	if *update {
		for entry := range strings.SplitSeq(*replayFrom, ",") {
			name, addr, ok := strings.Cut(entry, "=")
			if !ok {
				t.Fatalf("-replay-from: %q", entry)
			}
			nc, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			c := &tee{Conn: nc}
			r := &recording{Hello: replayHello(name)}
			r.summarize(playback(c, r))
			r.Server = hex.EncodeToString(c.got.Bytes())
			b, err := json.MarshalIndent(r, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name+".json"), append(b, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	files, err := filepath.Glob(dir + "/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".json"), func(t *testing.T) {
			src, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			var want recording
			if err := json.Unmarshal(src, &want); err != nil {
				t.Fatal(err)
			}
			b, err := hex.DecodeString(want.Server)
			if err != nil {
				t.Fatal(err)
			}
			got := recording{}
			got.summarize(playback(replay(b), &want))
			hello := want.Hello
			want.Hello, want.Server = nil, ""
			g, _ := json.Marshal(got)
			w, _ := json.Marshal(want)
			if !bytes.Equal(g, w) {
				t.Errorf("got  %s\nwant %s", g, w)
			}
			want.Hello = hello
			// Any flipped byte behind the first hello has to be noticed, whatever the peer.
			if want.Finished == transcript.Yes {
				spoilt := bytes.Clone(b)
				spoilt[len(spoilt)*2/3] ^= 1
				if tr := playback(replay(spoilt), &want); tr.Outcome.Kind == transcript.Complete && tr.Outcome.Detail == "" && tr.CloseNotify == transcript.Yes && tr.SignatureValid != transcript.No {
					t.Errorf("a spoilt byte went unnoticed: %+v", tr.Outcome)
				}
			}
		})
	}
}
