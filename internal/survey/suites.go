package survey

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/tlswhy/tlswhy/internal/offer"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// suites13 searches the suites of TLS 1.3.
func (s *session) suites13(ctx context.Context, k *task) {
	var rest []wire.CipherSuite
	for _, x := range wire.AllCipherSuites() {
		if i, ok := x.Info(); ok && i.KeyExchange == wire.KXTLS13 && !slices.Contains(usual13, x) {
			rest = append(rest, x)
		}
	}
	q := &search[wire.CipherSuite]{
		candidates: slices.Concat(usual13, rest),
		classes:    [][]wire.CipherSuite{usual13[:3], usual13[3:], rest},
		lazy:       true, limit: offer.MaxSuites, place: placeOf, prove: true,
	}
	q.ask = func(lists [][]wire.CipherSuite) []evidence[wire.CipherSuite] {
		as := make([]transcript.Attempt, len(lists))
		for i, l := range lists {
			as[i] = helloOnly(s.handshake("TLS 1.3: suites", s.hello13(offer13{suites: l, hybrid: true})))
		}
		ts := k.all(ctx, as)
		for _, t := range ts {
			if t == nil {
				continue
			}
			if g, ok := chosenGroup13(t); ok && !g.PostQuantum() {
				s.mu.Lock()
				s.classic = true
				s.mu.Unlock()
			}
		}
		return suiteAnswers(wire.VersionTLS13, lists, ts, s)
	}
	q.first()
	s.mu.Lock()
	s.has13 = len(q.accepted()) > 0
	s.at13 = k.now
	s.mu.Unlock()
	close(s.asked13)
	c := q.run()
	s.keepSuites(k, wire.VersionTLS13, c)
	s.leadWithChaCha(ctx, k, wire.VersionTLS13, c, slices.Concat(usual13[2:3], usual13[:2]))
}

// with13 waits for the first answer of TLS 1.3, and tells whether there is any use
// in asking more of it.
func (s *session) with13(ctx context.Context, k *task) bool {
	select {
	case <-s.asked13:
	case <-ctx.Done():
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k.now = max(k.now, s.at13)
	return s.has13
}

// usual13 are the suites of RFC 8446, Appendix B.4.
var usual13 = []wire.CipherSuite{
	wire.TLS_AES_256_GCM_SHA384, wire.TLS_AES_128_GCM_SHA256, wire.TLS_CHACHA20_POLY1305_SHA256,
	wire.TLS_AES_128_CCM_SHA256, wire.TLS_AES_128_CCM_8_SHA256,
}

// suiteAnswers reads what was chosen. An answer in another version is none.
func suiteAnswers(v wire.Version, lists [][]wire.CipherSuite, ts []*transcript.Transcript, s *session) []evidence[wire.CipherSuite] {
	out := make([]evidence[wire.CipherSuite], len(lists))
	for i, t := range ts {
		out[i] = evidence[wire.CipherSuite]{list: lists[i], open: t == nil}
		if t == nil {
			continue
		}
		s.answer(v, t)
		sh := t.Server
		if sh == nil {
			sh = t.Retry
		}
		if sh != nil && sh.Version() == v && slices.Contains(lists[i], sh.CipherSuite) {
			out[i].answer, out[i].ok = sh.CipherSuite, true
		}
	}
	return out
}

// suites12 searches the suites of TLS 1.2, and with them the groups and
// signature schemes of that version. Where the client's order decides, those come
// with the suites; where the server's does, they are asked for beside them.
func (s *session) suites12(ctx context.Context, k *task) {
	r := newRiders()
	candidates, classes := oldCandidates(wire.VersionTLS12)
	q := s.oldSearch(ctx, k, wire.VersionTLS12, candidates, classes, r)
	q.guesses, q.rare = guesses(), isRare
	q.first()
	if len(q.accepted()) == 0 && ctx.Err() == nil {
		// Nothing may be for want of the version, or for what rode along.
		s.mu.Lock()
		s.oddChain = true
		s.mu.Unlock()
		q = s.oldSearch(ctx, k, wire.VersionTLS12, candidates, classes, r)
		q.guesses, q.rare = guesses(), isRare
		if q.first(); len(q.accepted()) == 0 {
			s.mu.Lock()
			s.oddChain = false
			s.mu.Unlock()
		}
	}
	order, decided := q.order()
	if !decided || order != transcript.ServerOrder {
		s.keepSuites(k, wire.VersionTLS12, q.run())
		k.fork(
			func(k *task) { s.groupsOf12(ctx, k, r) },
			func(k *task) { s.schemesOf12(ctx, k, r) },
		)
		return
	}
	soFar := func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.suites[wire.VersionTLS12] = suiteResult{choice: choice[wire.CipherSuite]{accepted: q.accepted()}}
	}
	soFar()
	groups := task{s: s, urgency: k.urgency, now: k.now}
	var wg sync.WaitGroup
	wg.Go(func() { s.groupsOf12(ctx, &groups, r) })
	q.peel()
	soFar()
	schemes := task{s: s, urgency: k.urgency, now: k.now}
	wg.Go(func() { s.schemesOf12(ctx, &schemes, r) })
	c := q.run()
	s.keepSuites(k, wire.VersionTLS12, c)
	s.leadWithChaCha(ctx, k, wire.VersionTLS12, c, plain12)
	wg.Wait()
	k.now = max(k.now, groups.now, schemes.now)
}

// olderSuites asks for each older version, and searches those that are there.
func (s *session) olderSuites(ctx context.Context, k *task) {
	versions := []wire.Version{wire.VersionTLS11, wire.VersionTLS10, wire.VersionSSL30}
	var as []transcript.Attempt
	var lists [][]wire.CipherSuite
	for _, v := range versions {
		lists = append(lists, reversed(ordinary(v))) // the second order is asked once the first was answered
		as = append(as, s.handshake(v.String()+": suites", s.hello12(v, lists[len(lists)-1], nil, nil)))
	}
	as = append(as, s.ssl2())
	ts := k.all(ctx, as)
	s.readSSL2(ts[len(ts)-1])
	var lines []func(*task)
	for i, v := range versions {
		e := suiteAnswers(v, lists[i:i+1], ts[i:i+1], s)
		if ts[i] != nil {
			s.observe(ts[i], transcript.ByName)
		}
		if !e[0].ok && !mayWantOthers(ts[i]) {
			s.keepSuites(k, v, choice[wire.CipherSuite]{order: transcript.ClientOrder, complete: ts[i] != nil})
			continue
		}
		lines = append(lines, func(k *task) {
			if !e[0].ok && !s.unusual12(ctx, k) {
				s.keepSuites(k, v, choice[wire.CipherSuite]{order: transcript.ClientOrder, complete: true})
				return
			}
			s.searchOlder(ctx, k, v, e)
		})
	}
	k.fork(lines...)
	s.olderGroups(ctx, k)
}

// mayWantOthers: it was not the version that was refused, in so many words.
func mayWantOthers(t *transcript.Transcript) bool {
	return t != nil && t.Outcome.Alert != nil && t.Outcome.Alert.Description != wire.AlertProtocolVersion
}

// unusual12 waits for what TLS 1.2 accepts, and tells whether a server that
// refused all usual suites of an older version may take others in it: it does in
// TLS 1.2, or it has no TLS 1.2 suite at all.
func (s *session) unusual12(ctx context.Context, k *task) bool {
	acc := s.accepted12(ctx, k)
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(acc) == 0 && len(s.suites[wire.VersionTLS13].accepted) == 0 || slices.ContainsFunc(acc, isRare)
}

// oldSearch is the search among the suites of a version before TLS 1.3.
func (s *session) oldSearch(ctx context.Context, k *task, v wire.Version, candidates []wire.CipherSuite, classes [][]wire.CipherSuite, r *riders) *search[wire.CipherSuite] {
	q := &search[wire.CipherSuite]{candidates: candidates, classes: classes, limit: offer.MaxSuites, place: placeOf, prove: true}
	q.ask = func(lists [][]wire.CipherSuite) []evidence[wire.CipherSuite] {
		as := make([]transcript.Attempt, len(lists))
		for i, l := range lists {
			groups, schemes := r.next()
			if r != nil && q.predicted != nil {
				schemes = r.peel(q.predicted[i])
			}
			as[i] = s.handshake(v.String()+": suites", s.hello12(v, l, groups, schemes))
		}
		ts := k.all(ctx, as)
		es := suiteAnswers(v, lists, ts, s)
		for i, t := range ts {
			if t == nil {
				continue
			}
			s.observe(t, transcript.ByName)
			// With few schemes on offer, only the expected answer is one about suites.
			if es[i].void = r != nil && q.predicted != nil && !(es[i].ok && es[i].answer == q.predicted[i]); !es[i].void {
				r.read(t)
			}
		}
		return es
	}
	return q
}

// searchOlder searches the suites of a version before TLS 1.2. What TLS 1.2
// accepts is expected of it, in the same order.
func (s *session) searchOlder(ctx context.Context, k *task, v wire.Version, known []evidence[wire.CipherSuite]) {
	candidates, classes := oldCandidates(v)
	q := s.oldSearch(ctx, k, v, candidates, classes, nil)
	q.guesses, q.rare = guesses(), isRare
	if expected := only(s.accepted12(ctx, k), candidates); len(expected) > 0 {
		rest := slices.DeleteFunc(slices.Clone(candidates), func(x wire.CipherSuite) bool { return slices.Contains(expected, x) })
		q.candidates = slices.Concat(expected, rest)
		q.classes = append([][]wire.CipherSuite{expected}, chunks(rest, offer.MaxSuites)...)
		q.guesses = nil // the candidates' own order
		q.rare = func(x wire.CipherSuite) bool { return !slices.Contains(expected, x) }
	}
	for _, e := range known {
		q.learn(e)
	}
	s.keepSuites(k, v, q.run())
}

// accepted12 waits for the suites of TLS 1.2.
func (s *session) accepted12(ctx context.Context, k *task) []wire.CipherSuite {
	select {
	case <-s.done12:
	case <-ctx.Done():
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k.now = max(k.now, s.at12)
	return s.suites[wire.VersionTLS12].accepted
}

// keepSuites keeps what a search found.
func (s *session) keepSuites(k *task, v wire.Version, c choice[wire.CipherSuite]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.suites[v] = suiteResult{choice: c}
	s.incomplete = s.incomplete || !c.complete
	if v == wire.VersionTLS12 {
		s.at12 = k.now
		close(s.done12)
	}
}

// ssl2 asks for SSL 2.0 with all that it has.
func (s *session) ssl2() transcript.Attempt {
	a := s.handshake("SSL 2.0", nil)
	a.Handshake.SSL2 = offer.SSL2()
	return a
}

func (s *session) readSSL2(t *transcript.Transcript) {
	if t == nil {
		return
	}
	s.answer(wire.VersionSSL20, t)
	if t.ServerSSL2 != nil && len(t.ServerSSL2.Ciphers) > 0 {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.suites[wire.VersionSSL20] = suiteResult{
			choice: choice[wire.CipherSuite]{order: transcript.ServerOrder, decided: true, complete: true},
			ssl2:   t.ServerSSL2.Ciphers,
		}
	}
}

// chachaFirst reads what came of a hello that is led by ChaCha20, from a server
// whose order decides and that prefers others of the list.
func chachaFirst(c choice[wire.CipherSuite], t *transcript.Transcript) transcript.Tri {
	if t == nil || t.Attempt.Handshake.Hello == nil || c.order != transcript.ServerOrder || !c.decided || isChaCha(c.accepted[0]) {
		return transcript.Unknown
	}
	sh := t.Server
	if sh == nil {
		sh = t.Retry
	}
	if sh == nil || !tellsOfChaCha(c.accepted, only(t.Attempt.Handshake.Hello.CipherSuites, c.accepted)) {
		return transcript.Unknown
	}
	return transcript.TriOf(isChaCha(sh.CipherSuite))
}

// leadWithChaCha asks for what chachaFirst wants to know where the hellos of
// oddities cannot tell: nothing that they list is preferred to ChaCha20.
func (s *session) leadWithChaCha(ctx context.Context, k *task, v wire.Version, c choice[wire.CipherSuite], oddly []wire.CipherSuite) {
	if c.order != transcript.ServerOrder || !c.decided {
		return
	}
	chacha := slices.DeleteFunc(slices.Clone(c.accepted), func(x wire.CipherSuite) bool { return !isChaCha(x) })
	if len(chacha) == 0 || isChaCha(c.accepted[0]) || tellsOfChaCha(c.accepted, only(oddly, c.accepted)) {
		return
	}
	h := s.hello12(v, slices.Concat(chacha, c.accepted[:1]), nil, nil)
	if v == wire.VersionTLS13 {
		h = s.hello13(offer13{suites: slices.Concat(chacha, c.accepted[:1]), hybrid: true})
	}
	t := k.one(ctx, helloOnly(s.handshake(v.String()+": ChaCha20 first", h)))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chacha[v] = t
}

// tellsOfChaCha: the list is led by ChaCha20 and holds something that the server
// likes better.
func tellsOfChaCha(accepted, offered []wire.CipherSuite) bool {
	return len(offered) > 1 && isChaCha(offered[0]) &&
		slices.ContainsFunc(accepted[:slices.Index(accepted, offered[0])], func(x wire.CipherSuite) bool { return slices.Contains(offered, x) })
}

// isRare: the suites of its class have little to do with each other.
func isRare(x wire.CipherSuite) bool {
	i, _ := x.Info()
	_, usual := kxClass(i)
	return !usual
}

// placeOf puts ECDHE with AES in GCM first and ChaCha20 last: crypto/tls prefers
// ChaCha20 to AES where the first suite that it knows is not one of the former,
// OpenSSL where the first of all is ChaCha20 (SSL_OP_PRIORITIZE_CHACHA).
func placeOf(x wire.CipherSuite) int {
	switch i, ok := x.Info(); {
	case ok && i.KeyExchange == wire.KXECDHE && i.Cipher == wire.CipherAES && i.Mode == wire.ModeGCM:
		return -1
	case isChaCha(x):
		return 1
	}
	return 0
}

func isChaCha(x wire.CipherSuite) bool {
	i, ok := x.Info()
	return ok && i.Cipher == wire.CipherChaCha20
}

// class of a suite in the first round of questions: its key exchange, and its
// cipher where that is not what every server has.
const (
	classKX = iota
	classCipher
)

// oldCandidates are the suites that exist in a version before TLS 1.3, the likely
// ones first, and the classes that they are asked by.
func oldCandidates(v wire.Version) (candidates []wire.CipherSuite, classes [][]wire.CipherSuite) {
	byClass := map[[2]int][]wire.CipherSuite{}
	var keys [][2]int
	var rare []wire.CipherSuite
	add := func(key [2]int, x wire.CipherSuite) {
		if _, ok := byClass[key]; !ok {
			keys = append(keys, key)
		}
		byClass[key] = append(byClass[key], x)
	}
	for _, x := range wire.AllCipherSuites() {
		i, ok := x.Info()
		if !ok || i.KeyExchange == wire.KXTLS13 || i.KeyExchange == wire.KXNone || i.MinVersion > v {
			continue
		}
		candidates = append(candidates, x)
		kx, usual := kxClass(i)
		if !usual {
			rare = append(rare, x)
			continue
		}
		add([2]int{classKX, kx}, x)
		if c := cipherClass(x, i); c != 0 {
			add([2]int{classCipher, c}, x)
		}
	}
	slices.SortStableFunc(candidates, guesses()[0])
	for _, k := range keys {
		classes = append(classes, chunks(byClass[k], offer.MaxSuites)...)
	}
	// The others in as few questions as can be.
	return candidates, append(classes, chunks(rare, offer.MaxSuites)...)
}

// kxClass puts suites together that a server accepts or refuses together; usual
// are those that authenticate with RSA or ECDSA and encrypt.
func kxClass(i wire.SuiteInfo) (class int, usual bool) {
	switch {
	case i.PSK, i.Export, i.Null, i.Anonymous:
	case i.KeyExchange == wire.KXECDHE && i.Authentication == wire.AuthECDSA:
		return 1, true
	case i.KeyExchange == wire.KXECDHE && i.Authentication == wire.AuthRSA:
		return 2, true
	case i.KeyExchange == wire.KXDHE && i.Authentication == wire.AuthRSA:
		return 3, true
	case i.KeyExchange == wire.KXRSA:
		return 4, true
	}
	return 0, false
}

// cipherClass is 0 for what each server with a key exchange is expected to have.
// What stands in one class is mostly there or not there together.
func cipherClass(x wire.CipherSuite, i wire.SuiteInfo) int {
	const (
		usual = iota
		cbc
		uncommon // ciphers that few clients have
		gone     // drafts, and what is broken
	)
	switch i.Cipher {
	case wire.CipherAES:
		switch i.Mode {
		case wire.ModeCCM, wire.ModeCCM8:
			return uncommon
		case wire.ModeCBC:
			return cbc
		}
		return usual
	case wire.CipherChaCha20:
		if i.Registered {
			return usual
		}
	case wire.CipherCamellia:
		if i.Mode == wire.ModeCBC {
			return uncommon
		}
	case wire.CipherARIA:
		if i.AEAD {
			return uncommon
		}
	}
	return gone
}

// ordinary are the suites that a server of the version is asked about at first.
func ordinary(v wire.Version) []wire.CipherSuite {
	all, _ := oldCandidates(v)
	return all[:min(len(all), offer.MaxSuites)]
}

// guesses are the orders that servers have by default or by recommendation:
// OpenSSL's by strength, Mozilla's, that of Go, of JSSE, and by key exchange.
var guesses = sync.OnceValue(func() []func(a, b wire.CipherSuite) int {
	type key func(i wire.SuiteInfo) int
	no := func(b bool) int {
		if b {
			return 0
		}
		return 1
	}
	forward := func(i wire.SuiteInfo) int { return no(i.ForwardSecret) }
	aead := func(i wire.SuiteInfo) int { return no(i.AEAD) }
	ecdsa := func(i wire.SuiteInfo) int { return no(i.Authentication == wire.AuthECDSA) }
	rsa := func(i wire.SuiteInfo) int { return no(i.Authentication != wire.AuthECDSA) }
	kx := func(i wire.SuiteInfo) int {
		k := []wire.KeyExchange{wire.KXECDHE, wire.KXDHE, wire.KXECDHAnon, wire.KXDHAnon, wire.KXRSA}
		n := slices.Index(k, i.KeyExchange)
		if n < 0 {
			n = len(k)
		}
		return n
	}
	ephemeral := func(i wire.SuiteInfo) int { return no(i.ForwardSecret || i.Anonymous) }
	authentic := func(i wire.SuiteInfo) int { return no(!i.Anonymous) }
	encrypts := func(i wire.SuiteInfo) int { return no(!i.Null) }
	sha2 := func(i wire.SuiteInfo) int { return no(i.MAC != wire.MACSHA1) }
	strong := func(i wire.SuiteInfo) int { return -i.KeyBits }
	weak := func(i wire.SuiteInfo) int { // 128 before 256, as Mozilla and Go have it
		if i.KeyBits < 128 {
			return 1000 - i.KeyBits
		}
		return i.KeyBits
	}
	chachaLast := func(i wire.SuiteInfo) int { return no(i.Cipher != wire.CipherChaCha20) }
	cipher := func(i wire.SuiteInfo) int {
		c := []wire.Cipher{wire.CipherAES, wire.CipherChaCha20, wire.CipherARIA, wire.CipherCamellia}
		n := slices.Index(c, i.Cipher)
		switch {
		case i.Mode == wire.ModeCCM8:
			return 25
		case i.Mode == wire.ModeCCM:
			return 26
		case n < 0:
			return 10 * (len(c) + 1)
		}
		return 10 * (n + 1)
	}
	infos := map[wire.CipherSuite]wire.SuiteInfo{}
	tier := map[wire.CipherSuite]int{}
	for _, x := range wire.AllCipherSuites() {
		i, _ := x.Info()
		infos[x] = i
		switch _, usual := kxClass(i); {
		case !usual:
			tier[x] = 2
		case i.KeyBits < 128 || i.Cipher == wire.Cipher3DES || i.Cipher == wire.CipherRC4 || i.Cipher == wire.CipherIDEA:
			tier[x] = 1
		}
	}
	by := func(keys ...key) func(a, b wire.CipherSuite) int {
		return func(a, b wire.CipherSuite) int {
			for _, k := range keys {
				if n := cmp.Compare(k(infos[a]), k(infos[b])); n != 0 {
					return n
				}
			}
			return 0
		}
	}
	order := func(keys ...key) func(a, b wire.CipherSuite) int {
		return func(a, b wire.CipherSuite) int { return cmp.Or(cmp.Compare(tier[a], tier[b]), by(keys...)(a, b)) }
	}
	ofAEAD := func(k key) key {
		return func(i wire.SuiteInfo) int {
			if !i.AEAD {
				return 0
			}
			return k(i)
		}
	}
	return []func(a, b wire.CipherSuite) int{
		order(forward, aead, sha2, strong, cipher, kx, ecdsa),
		order(forward, aead, kx, chachaLast, weak, ecdsa, cipher),
		order(forward, aead, sha2, kx, ofAEAD(ecdsa), ofAEAD(chachaLast), strong, ecdsa, cipher),
		order(forward, aead, chachaLast, weak, kx, ecdsa, cipher),
		order(forward, aead, kx, weak, ecdsa, cipher),
		order(aead, kx, strong, ecdsa, cipher, sha2),
		order(aead, strong, kx, ecdsa, sha2, cipher),
		order(kx, ecdsa, aead, strong, sha2, cipher),
		order(kx, rsa, aead, weak, sha2, cipher),
		order(kx, ecdsa, strong, aead, sha2, cipher),
		order(strong, kx, ecdsa, aead, sha2, cipher),
		order(weak, kx, ecdsa, aead, sha2, cipher),
		by(encrypts, ephemeral, aead, sha2, strong, authentic, cipher, kx, ecdsa), // OpenSSL's ALL
	}
})
