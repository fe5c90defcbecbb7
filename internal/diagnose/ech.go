package diagnose

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// httpsWait is how long the HTTPS record is waited for once the addresses are
// known: browsers wait about as long and then go on without.
const httpsWait = 300 * time.Millisecond

// maxShown is how much of base64 is shown in a sentence: a list of two keys.
const maxShown = 200

// encrypted is the client's own hello, encrypted (RFC 9849), and what became of
// it. It is made beside the hello in clear and judged only where that one gets
// through: what stops both has nothing to do with encryption.
type encrypted struct {
	list []byte // ECHConfigList; nil: nobody promises that the server can decrypt
	from string // who publishes it, for sentences
	t    *transcript.Transcript
}

// seekECH makes the attempt at addr if there is a key to encrypt with: the one
// given, or what DNS has for the name if the client asks DNS for it. nil: there
// is nothing to wait for.
func (s *session) seekECH(ctx context.Context, addr netip.AddrPort) <-chan encrypted {
	out := make(chan encrypted, 1)
	if list := s.o.ECHConfig; list != nil {
		pending := s.start(ctx, s.encryptedAttempt("the client's hello, encrypted", addr, list))
		s.running.Go(func() { out <- encrypted{list, "the given configuration", <-pending} })
		return out
	}
	if !s.asksForKeys() {
		return nil
	}
	name := s.target.Host
	if s.target.Port != 443 {
		name = fmt.Sprintf("_%d._https.%s", s.target.Port, name) // RFC 9460, Section 9.1
	}
	asking, cancel := context.WithTimeout(ctx, httpsWait)
	answer := s.start(asking, transcript.Attempt{Purpose: "HTTPS record of " + name, Lookup: &transcript.Lookup{Name: name, Type: "HTTPS"}})
	s.running.Go(func() {
		defer cancel()
		list := publishedKeys(<-answer, s.target.Host)
		if list == nil {
			out <- encrypted{}
			return
		}
		out <- encrypted{list, "the HTTPS record of " + name, s.run(ctx, s.encryptedAttempt("the client's hello, encrypted", addr, list))}
	})
	return out
}

// asksForKeys says that the client would look into DNS on its way to this target.
func (s *session) asksForKeys() bool {
	return s.profile.Policy.UsesECH && s.target.Service == "http" && s.sni == s.target.Host && s.o.Connect == "" && s.o.Proxy == ""
}

// publishedKeys is the ech parameter of the record that clients take: the one of
// the lowest priority above 0 (RFC 9460, Section 2.4) that speaks of the host
// itself, as against another endpoint. A target of "." is the record's owner,
// which is not the host where the port stands in it.
func publishedKeys(t *transcript.Transcript, host string) []byte {
	if t.Found == nil {
		return nil
	}
	targets := []string{host + "."}
	if t.Attempt.Lookup.Name == host {
		targets = append(targets, ".")
	}
	type service struct {
		priority int
		ech      []byte
	}
	var all []service
	for _, r := range t.Found.Records {
		fields := strings.Fields(r)
		if len(fields) < 2 || !slices.Contains(targets, strings.ToLower(fields[1])) {
			continue
		}
		x := service{}
		var err error
		if x.priority, err = strconv.Atoi(fields[0]); err != nil || x.priority == 0 {
			continue
		}
		for _, f := range fields[2:] {
			if v, ok := strings.CutPrefix(f, "ech="); ok {
				x.ech, _ = base64.StdEncoding.DecodeString(strings.Trim(v, `"`)) // what is no list is of no use
			}
		}
		all = append(all, x)
	}
	slices.SortStableFunc(all, func(a, b service) int { return cmp.Compare(a.priority, b.priority) })
	if len(all) == 0 || len(all[0].ech) == 0 {
		return nil
	}
	return all[0].ech
}

func (s *session) encryptedAttempt(purpose string, addr netip.AddrPort, list []byte) transcript.Attempt {
	a := s.attempt(purpose, addr, s.hello(s.sni))
	a.Handshake.ECH = list
	return a
}

// encryption judges how the client fares with its hello encrypted at addr, where
// it gets through in clear.
func (s *session) encryption(ctx context.Context, addr netip.AddrPort) {
	if s.ech == nil && s.o.Gentle {
		s.ech = s.seekECH(ctx, addr)
	}
	if s.ech == nil || ctx.Err() != nil {
		return
	}
	var e encrypted
	patience := time.NewTimer(probeWait)
	defer patience.Stop()
	select {
	case e = <-s.ech:
	case <-patience.C:
		s.note("whether the server can decrypt hellos could not be seen in time")
		return
	}
	if e.list == nil || !answered(s.primary) {
		return
	}
	if addressOf(e.t) != addr {
		e.t = s.run(ctx, s.encryptedAttempt("the client's hello, encrypted, at this address", addr, e.list))
	}
	s.judgeECH(ctx, addr, e)
}

// readsInner and readsOuter: the server took the hello that was encrypted, or the
// one around it.
func readsInner(t *transcript.Transcript) bool {
	return answered(t) && t.ECH != nil && t.ECH.Accepted == transcript.Yes
}

func readsOuter(t *transcript.Transcript) bool {
	return answered(t) && t.ECH != nil && t.ECH.Accepted == transcript.No
}

func (s *session) judgeECH(ctx context.Context, addr netip.AddrPort, e encrypted) {
	t := e.t
	switch {
	case t.ECH == nil:
		s.note("whether the server can decrypt hellos could not be seen: the connection for it did not stand up (%s)", t.Outcome.Kind)
	case !t.ECH.Offered:
		if s.o.ECHConfig != nil {
			s.note("%s does not encrypt its hello: it offers no TLS 1.3, or no key of %s is one that can be used", s.profile.ID, e.from)
		}
	case readsInner(t):
		s.innerCertificate(t)
	case readsOuter(t):
		s.rejected(ctx, addr, e)
	default:
		s.broken(ctx, addr, e)
	}
}

// innerCertificate judges what the server shows to the decrypted hello. Behind a
// server that decrypts for others that can be another site than in clear.
func (s *session) innerCertificate(t *transcript.Transcript) {
	in := s.verifyInput(t)
	if res := trust.Verify(in); len(in.Chain) > 0 && !res.OK {
		f := s.defectFinding(t, in, res, res.Defects[0], true, nil)
		f.Detail = "The client gets another certificate once its hello is encrypted: " + lowerFirst(f.Detail)
		s.add(f)
	}
}

// rejected: the server answered the outer hello. Clients judge its certificate by
// the public name, and if it is good they connect anew: with the keys that came in
// retry_configs, or in clear if none came (RFC 9849, Section 6.1.6).
func (s *session) rejected(ctx context.Context, addr netip.AddrPort, e encrypted) {
	t := e.t
	public, stale := t.ECH.PublicName, "the key of "+e.from
	f := finding(cause.ECHRejected, report.Proved, "", t.ID, s.primaryID())
	in := s.verifyInput(t)
	in.Name = public
	if res := trust.Verify(in); !res.OK {
		again := s.run(ctx, s.encryptedAttempt("repeat: the client's hello, encrypted", addr, e.list))
		if readsInner(again) {
			s.turnsECH(t, again, e)
			return
		}
		f.Evidence = append(f.Evidence, again.ID)
		f.Detail = fmt.Sprintf("The server cannot read a hello that is encrypted with %s, and the certificate with which it says so is not valid for the public name %s (%s). Clients can trust neither that answer nor the way back to a hello in clear: they give up.", stale, public, res.Defects[0].Cause)
		f.Proof = s.inClear(t, s.primary, 2)
		s.add(f)
		return
	}
	if len(t.ECH.RetryConfigs) > 0 {
		again := s.run(ctx, s.encryptedAttempt("the client's hello, encrypted with the key that the server names", addr, t.ECH.RetryConfigs))
		f.Evidence = append(f.Evidence, again.ID)
		switch {
		case readsInner(again):
			f.Blocking = false
			f.Detail = fmt.Sprintf("The server cannot read a hello that is encrypted with %s; it names another key (retry_configs) and reads that one. The published key is stale: each client that uses it needs a second connection.", stale)
			f.Proof = &report.Proof{
				Kind: report.ByHandshake, Baseline: t.ID, Counterfactual: again.ID,
				Change: "ech: encrypt with the key of the server's retry_configs", Effect: "an answer to the inner hello", Repeated: 1,
			}
			if ech := base64.StdEncoding.EncodeToString(t.ECH.RetryConfigs); len(ech) <= maxShown {
				f.Detail += fmt.Sprintf(" What it has, to be published: ech=%s (%s)", ech, t.ID)
			}
			s.add(f)
			return
		case again.ECH != nil && again.ECH.Offered:
			f.Detail = fmt.Sprintf("The server cannot read a hello that is encrypted with %s. It names another key (retry_configs) and cannot read that one either; clients try no third time.", stale)
			f.Proof = s.inClear(again, s.primary, 2)
			s.add(f)
			return
		}
	}
	f.Blocking = false
	f.Detail = fmt.Sprintf("The server does not decrypt hellos, although %s holds a key for it: it answers for the public name %s and names no key. Each client that uses the key needs a second connection, and its hello in clear shows the name that was to be hidden.", e.from, public)
	f.Proof = s.inClear(t, s.primary, 1)
	s.add(f)
}

// inClear is the proof by the same hello without encryption.
func (s *session) inClear(a, b *transcript.Transcript, seen int) *report.Proof {
	return &report.Proof{
		Kind: report.ByHandshake, Baseline: a.ID, Counterfactual: b.ID,
		Change: "ech: send the hello in clear", Effect: effectOf(b), Repeated: seen,
	}
}

// broken: the server fails at the encrypted hello, or right after it accepted it.
// It is longer than the one in clear, so that the latter is padded to its length.
func (s *session) broken(ctx context.Context, addr netip.AddrPort, e encrypted) {
	t := e.t
	pad := resize(len(t.Hello) - wire.RecordHeaderLen)
	ts := s.round(ctx, []transcript.Attempt{
		s.encryptedAttempt("repeat: the client's hello, encrypted", addr, e.list),
		s.attempt("the client's hello in clear, as long as the encrypted one", addr, with(s.hello(s.sni), pad)),
	})
	again, clear := ts[0], ts[1]
	switch {
	case ctx.Err() != nil || again.ECH == nil:
	case readsInner(again):
		s.turnsECH(t, again, e)
	case readsOuter(again):
		s.rejected(ctx, addr, encrypted{e.list, e.from, again})
	case !answered(clear):
		pad.key = "size-"
		f := s.negotiationFinding(flip{a: clear, b: s.primary, change: pad, seen: 1, extra: []string{t.ID, again.ID}}, nil)
		s.add(f)
	default:
		f := finding(cause.ECHRejected, report.Proved, fmt.Sprintf("A hello that is encrypted with the key of %s %s; the same hello in clear, at the same length, is answered.", e.from, s.endOf(t)), t.ID, again.ID, clear.ID)
		f.Proof = s.inClear(t, clear, 2)
		s.add(f)
	}
}

// turnsECH: the same encrypted hello is read by one machine and not by another.
func (s *session) turnsECH(bad, good *transcript.Transcript, e encrypted) {
	f := finding(cause.InconsistentEndpoints, report.Proved, fmt.Sprintf("The key of %s is known to some of the machines that answer at %s and not to others: a hello encrypted with it was read once and not at another time.", e.from, addressOf(bad)), bad.ID, good.ID)
	f.Blocking = false
	s.add(observed(f, "the same encrypted hello was accepted once and rejected once", bad.ID))
}
