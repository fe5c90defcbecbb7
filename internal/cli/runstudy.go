package cli

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tlswhy/tlswhy"
	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/passive"
	"github.com/tlswhy/tlswhy/internal/relay"
	"github.com/tlswhy/tlswhy/internal/render"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
)

// maxDiagnoses is how many failed handshakes are diagnosed: a program that fails
// everywhere fails for few reasons.
const maxDiagnoses = 6

// maxClients is how many clients a program is taken to have: one whose every hello
// is another would have hundreds, and nobody could read of them.
const maxClients = 32

// runStudy makes the document of what a relay saw.
type runStudy struct {
	*app
	f       *runFlags
	options tlswhy.Options
	args    []string

	clients []*seenClient
	roots   givenRoots
}

// seenClient is one client within the program.
type seenClient struct {
	id      string
	learned *tlswhy.LearnedClient
	bytes   int // of its first hello, records and all
	named   bool
	all     int
	failed  int
}

// study turns connections into the document, and diagnoses what failed.
func (s *runStudy) study(ctx context.Context, connections []*relay.Connection, exit int) *report.Run {
	doc := &report.Run{Schema: report.RunSchema, Version: tlswhy.Version(), Command: s.args, ExitCode: exit, Verdict: report.Unknown}
	s.roots = rootsGiven(s.args, s.getenv)
	of := map[*relay.Connection]*seenClient{}
	for _, c := range connections {
		switch {
		case c.TLS() && c.Seen.Hello != nil:
			of[c] = s.clientOf(c)
		case notTLS(c):
			doc.NotTLS++
			if n := plainNote(c); n != "" && len(doc.Notes) < maxDiagnoses && !slices.Contains(doc.Notes, n) {
				doc.Notes = append(doc.Notes, n)
			}
		}
	}
	slices.SortStableFunc(s.clients, func(a, b *seenClient) int {
		return cmp.Or(-cmp.Compare(a.failed, b.failed), -cmp.Compare(a.all, b.all))
	})
	for i, c := range s.clients {
		c.id = "c" + strconv.Itoa(i+1)
	}
	var failed []*relay.Connection // the first of each handshake
	for _, c := range connections {
		if notTLS(c) {
			continue
		}
		h := handshakeSeen(c, of[c])
		if c.Verdict.Unused && exit != 0 {
			h.Outcome = unusedOutcome
		}
		if i := slices.IndexFunc(doc.Handshakes, func(x report.RunHandshake) bool { return sameHandshake(x, h) }); i >= 0 {
			doc.Handshakes[i].Count++
			continue
		}
		doc.Handshakes = append(doc.Handshakes, h)
		failed = append(failed, c)
	}
	for i := range doc.Handshakes {
		h := &doc.Handshakes[i]
		if h.Outcome == unusedOutcome {
			s.unused(ctx, doc, h, failed[i], of[failed[i]])
		}
		switch h.Outcome {
		case "fail":
			doc.Verdict = report.Fail
			if h.Report == nil && ctx.Err() == nil && len(doc.Reports) < maxDiagnoses {
				s.diagnose(ctx, doc, h, failed[i], of[failed[i]])
			}
		case "ok":
			if doc.Verdict == report.Unknown {
				doc.Verdict = report.OK
			}
		}
	}
	for _, c := range s.clients {
		doc.Clients = append(doc.Clients, clientSeen(c))
	}
	if len(doc.Handshakes) == 0 {
		doc.Notes = append(doc.Notes, unseen(s.args, doc.NotTLS)...)
	}
	return doc
}

// notTLS: it came to something else than a handshake, or was never meant to be one.
func notTLS(c *relay.Connection) bool {
	return c.Via == relay.ViaHTTP || c.Failed.Kind == "" && !c.TLS()
}

// plainNote is what kept a request without TLS from its server, or "".
func plainNote(c *relay.Connection) string {
	if c.Failed.Kind == "" || c.Failed.Kind == transcript.Aborted {
		return ""
	}
	return fmt.Sprintf("a request to http://%s, without TLS, got no answer: %s", targetOf(c), c.Failed.Detail)
}

// clientOf is the client that a connection's hello is of, learned if it is new.
func (s *runStudy) clientOf(c *relay.Connection) *seenClient {
	hello := c.Seen.Hello
	var found *seenClient
	for _, k := range s.clients {
		if client.Same(k.learned.Profile.Hello, hello) {
			found = k
			break
		}
	}
	if found == nil && len(s.clients) == maxClients {
		return nil
	}
	if found == nil {
		policy := s.f.as
		if file, ok := strings.CutPrefix(policy, "@"); ok {
			policy = ""
			if l, err := tlswhy.ReadClient(file); err == nil {
				policy = l.PolicyFrom
			}
		}
		l, err := client.LearnAs(hello, c.Seen.HelloRecord, programName(s.args[0]), policy)
		if err != nil {
			return nil
		}
		found = &seenClient{learned: l, bytes: len(c.Seen.T.Hello)}
		s.clients = append(s.clients, found)
	}
	// An address has no server name: whether it sends one is seen with a name alone.
	if _, err := netip.ParseAddr(c.Host); err != nil || hello.ServerName() != "" {
		found.learned.Profile.Policy.SendsSNI = hello.ServerName() != ""
		found.named = true
	} else if !found.named {
		found.learned.Profile.Policy.SendsSNI = found.learned.Nearest.Profile.Policy.SendsSNI
	}
	found.all++
	if c.Broken() {
		found.failed++
	}
	return found
}

func clientSeen(c *seenClient) report.RunClient {
	l := c.learned
	h := l.Profile.Hello
	raw, _ := h.Marshal() // it was parsed from bytes
	_, ja3 := client.JA3(h)
	o := &report.Offered{
		Versions: h.SupportedVersions(), Ciphers: h.CipherSuites, Groups: h.SupportedGroups(), SignatureAlgorithms: h.SignatureAlgorithms(),
		ALPN: h.ALPN(), Bytes: c.bytes,
	}
	if o.ALPN == nil {
		o.ALPN = []string{}
	}
	for _, k := range h.KeyShares() {
		o.KeyShares = append(o.KeyShares, k.Group)
	}
	for _, e := range h.Extensions {
		o.Extensions = append(o.Extensions, e.Type)
	}
	if n := h.ServerName(); n != "" {
		o.SNI = &n
	}
	f, err := l.File(time.Time{})
	if err != nil {
		f = &client.File{Hello: raw}
	}
	return report.RunClient{
		ID: c.id, Nearest: l.Nearest.Profile.ID, Similarity: f.Similarity, Exact: l.Nearest.Exact, Differences: l.Nearest.Differences,
		JA3: ja3, JA4: client.JA4(h), Offered: o, PolicyFrom: l.PolicyFrom, Assumed: l.Assumed, Hello: f.Hello, Handshakes: c.all, Failed: c.failed,
	}
}

// handshakeSeen is a connection as the document tells of it.
func handshakeSeen(c *relay.Connection, k *seenClient) report.RunHandshake {
	h := report.RunHandshake{Target: targetOf(c), Via: string(c.Via), Count: 1}
	if c.Remote.IsValid() {
		h.Address = c.Remote.String()
	}
	if k != nil {
		h.Client = k.id
	}
	if c.Failed.Kind != "" {
		h.Outcome, h.Step, h.StoppedBy, h.Seen = "fail", cause.StepConnect, "network", c.Failed.Detail
		hint(&h, connectCause(c.Failed))
		return h
	}
	t, v := &c.Seen.T, c.Verdict
	h.Outcome, h.Step, h.StoppedBy, h.Seen = string(v.Result), v.Step, string(v.StoppedBy), v.Detail
	h.Alerts, h.WantsCertificate, h.Answered = t.Alerts, v.WantsCertificate, v.Answered
	h.BytesSent, h.BytesReceived, h.MS = t.BytesSent, t.BytesReceived, float64(t.Times.Total.Microseconds())/1000
	if t.Server != nil {
		version, suite := t.Version(), t.Server.CipherSuite
		h.Version, h.Cipher = &version, &suite
		if t.Group != 0 {
			g := t.Group
			h.Group = &g
		}
	}
	if v.Result == passive.Fail && v.Cause != "" {
		hint(&h, v.Cause)
	}
	return h
}

// hint names a cause that no experiment has looked into.
func hint(h *report.RunHandshake, id cause.ID) {
	if id == "" {
		return
	}
	possible := report.Possible
	h.Cause, h.Confidence = &id, &possible
}

func connectCause(f relay.Failure) cause.ID {
	switch {
	case f.DNS:
		return cause.DNSFailure
	case f.Kind == transcript.Refused:
		return cause.TCPRefused
	case f.Kind == transcript.ConnectTimeout:
		return cause.TCPTimeout
	case f.Kind == transcript.Unreachable:
		return cause.TCPUnreachable
	case f.Kind == transcript.ProxyFailed:
		return cause.ProxyRefused
	}
	return ""
}

// targetOf is whom the client meant: the server name, if it sent one, at the port
// that it asked for.
func targetOf(c *relay.Connection) string {
	host := c.Host
	if c.Seen != nil && c.Seen.Hello != nil && c.Seen.Hello.ServerName() != "" {
		host = c.Seen.Hello.ServerName()
	}
	return net.JoinHostPort(host, strconv.Itoa(int(c.Port)))
}

// sameHandshake: a program that tries again is told of once.
func sameHandshake(a, b report.RunHandshake) bool {
	return a.Target == b.Target && a.Client == b.Client && a.Outcome == b.Outcome && a.Seen == b.Seen && a.Address == b.Address
}

// fileOf is where a client is saved: the first in the file that was named, others
// beside it.
func (s *runStudy) fileOf(k *seenClient) string {
	i := slices.Index(s.clients, k)
	if i <= 0 {
		return s.f.save
	}
	ext := filepath.Ext(s.f.save)
	return fmt.Sprintf("%s-%d%s", strings.TrimSuffix(s.f.save, ext), i+1, ext)
}

// save writes the clients to files: the first to the one that is open.
func (s *runStudy) save(first *sink, doc *report.Run) error {
	if first == nil {
		return nil
	}
	for i, k := range s.clients {
		f, err := k.learned.File(time.Now())
		if err != nil {
			return err
		}
		name, out := s.fileOf(k), first
		if i > 0 {
			if out, err = s.openAs("--save", name); err != nil {
				return err
			}
		}
		if err = render.WriteJSON(out, f); err == nil {
			err = out.commit()
		}
		out.abandon()
		if err != nil {
			return err
		}
		doc.Clients[i].Saved = name
	}
	return nil
}

// unseen says why nothing was seen, and what helps.
func unseen(args []string, plain int) []string {
	name := programName(args[0])
	if plain > 0 {
		return []string{fmt.Sprintf("%s came through the relay, but not with TLS", name)}
	}
	notes := []string{fmt.Sprintf("%s opened no connection through the relay: its TLS, if any, was not seen", name)}
	switch name {
	case "node":
		notes = append(notes, "Node.js heeds proxy settings from 22.21 and 24.5 on; with older releases use a proxy agent, for example the package global-agent")
	case "openssl":
		notes = append(notes, "openssl s_client heeds no proxy settings; its -proxy option does")
	default:
		notes = append(notes, "it heeds no proxy settings (HTTPS_PROXY), has its own, or makes exceptions for this host; look for a proxy option of its own")
	}
	return append(notes, "a hello from a capture serves as well: tlswhy TARGET --as @hello.bin")
}

// shellWords are arguments as they can be pasted into a shell.
func shellWords(args []string) []string {
	out := make([]string, len(args))
	for i, a := range args {
		if a != "" && strings.Trim(a, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@=,%+") == "" {
			out[i] = a
			continue
		}
		out[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
	}
	return out
}
