package diagnose

import (
	"context"
	"net/netip"

	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
)

// Screen looks at many targets with one cheap attempt each, and tells those that
// are well from those that need a Check. What it judges, it judges with the code
// of Check: the client's own hello, its rules for the answer, the certificates by
// its roots, the signature of the handshake. It looks no further than the end of
// the server's first flight. What shows only later (a client certificate that is
// demanded after the handshake or for a path, an unclean end), and what a server
// accepts besides, is not seen; revocation is known only by what is stapled.
//
// Of what one target sent, nothing is remembered for another but certificates of
// CAs and which CA signed which. It is safe for concurrent use.
type Screen struct {
	try   Tryer
	o     Options
	roots *trust.Store
	cache *trust.Cache
}

// Glance is what one attempt of a Screen shows.
type Glance struct {
	// Healthy: the client gets through the server's first flight, no certificate
	// was asked of it, and there is nothing to say about the server's, not even a
	// warning.
	Healthy bool
	// Transcript of the attempt, a terse one.
	Transcript *transcript.Transcript
	// Trust is the verdict on the certificates; its zero value where the client
	// does not get that far.
	Trust trust.Result
}

// NewScreen loads the client and its roots. Of the options those count that
// concern a first attempt: client, roots, time, SNI, proxy.
func NewScreen(try Tryer, o Options) (*Screen, error) {
	roots, err := o.complete()
	if err != nil {
		return nil, err
	}
	return &Screen{try: try, o: o, roots: roots, cache: trust.NewCache()}, nil
}

// Look makes the attempt at one address of the target. Its error says, like that
// of Try, that there was nothing to try with.
func (q *Screen) Look(ctx context.Context, target report.Target, addr netip.AddrPort) (Glance, error) {
	s := sessionOf(q.try, target, q.o, q.roots)
	s.cache = q.cache
	a := s.attempt("screening", addr, s.hello(s.sni))
	a.Handshake.Wait = 0
	a.Handshake.Terse = true
	t, err := q.try.Try(ctx, a)
	if err != nil {
		return Glance{}, err
	}
	g := Glance{Transcript: t}
	if s.assess(t) != nil {
		return g, nil
	}
	_, g.Trust = s.judge(t)
	g.Healthy = flawless(t) && g.Trust.OK && len(g.Trust.Defects) == 0
	return g, nil
}

// flawless: nothing about the attempt needs a second look. The signature of the
// handshake has to be right, not only not wrong: with a key transport, or an
// algorithm that is not computed here, nothing shows whose certificate it is.
func flawless(t *transcript.Transcript) bool {
	if t.Outcome.Kind != transcript.Complete || t.SignatureValid != transcript.Yes || len(t.CertificateRequests) > 0 {
		return false
	}
	_, warned := t.ServerAlert()
	return !warned
}
