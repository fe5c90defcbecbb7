package trust

import "time"

// minSkew is what clocks may differ without anybody noticing: certificates are
// often backdated by an hour for that reason.
const minSkew = 5 * time.Minute

// Skew compares this machine's clock with the peer's.
type Skew struct {
	// Offset is what has to be added to the local clock to get the peer's.
	Offset time.Duration
	// Explains: some certificate is outside its validity by the local clock, and
	// all are inside by the peer's. The peer may be wrong too; that all
	// certificates agree with it is what makes it credible.
	Explains bool
}

// EstimateSkew compares a peer's time (its Date header, accurate to a second)
// with the local time at which it was received. certs are those of the path; an
// expired root at its end counts like the others.
func EstimateSkew(peer, local time.Time, certs []*Certificate) Skew {
	s := Skew{Offset: peer.Sub(local)}
	if peer.IsZero() || s.Offset.Abs() < minSkew || len(certs) == 0 {
		return s
	}
	validHere := true
	for _, c := range certs {
		if !c.ValidAt(peer) {
			return s
		}
		validHere = validHere && c.ValidAt(local)
	}
	s.Explains = !validHere
	return s
}

// CommonValidity is the period in which all certificates are valid; ok is false
// if there is none.
func CommonValidity(certs []*Certificate) (from, to time.Time, ok bool) {
	for _, c := range certs {
		if c.NotBefore.After(from) {
			from = c.NotBefore
		}
		if !c.NotAfter.IsZero() && (to.IsZero() || c.NotAfter.Before(to)) {
			to = c.NotAfter
		}
	}
	return from, to, len(certs) > 0 && !from.After(to)
}
