package trust

import "sync"

// Bounds of the multiples that a Cache computes ahead.
const (
	maxCombs        = 8    // of 384 KiB each
	maxCountedKeys  = 1024 // a store of roots and the CAs of a day
	combAfter       = 32   // uses: making a comb costs as much as about 40 of them save
	forgetCombsEach = 8192 // uses, after which older ones count half
)

// caKeys computes multiples of the keys of CAs ahead, of those that are used most.
// Who is used more often displaces another, not who is used last: with more CAs
// than combs the last ones would displace each other all the time, and that costs
// more than it saves. Old uses lose weight, so that what is used changes.
type caKeys struct {
	mu    sync.Mutex
	keys  map[string]*caKey // by their SubjectPublicKeyInfo
	uses  int
	combs int
}

type caKey struct {
	uses   int
	making bool
	fast   *PublicKey // with its comb; nil: there is none
}

// fast counts a use of the key, and gives it back with its comb once it is worth one.
func (k *caKeys) fast(key *PublicKey) *PublicKey {
	if key.p256 == nil || len(key.SPKI) > maxCachedBytes {
		return key
	}
	fast, first := k.use(key)
	if !first {
		if fast != nil {
			return fast
		}
		return key
	}
	// Not under the lock: others verify in the meantime as if there were no comb.
	with := *key
	with.comb = newP256Comb(key.p256)
	k.mu.Lock()
	defer k.mu.Unlock()
	e := k.keys[string(key.SPKI)] // what is being made is not forgotten
	e.fast, e.making = &with, false
	return &with
}

// use counts one and decides whether it is the caller who is to make the comb, for
// which there is then a place.
func (k *caKeys) use(key *PublicKey) (fast *PublicKey, first bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.uses++; k.uses%forgetCombsEach == 0 {
		k.age()
	}
	e := k.keys[string(key.SPKI)]
	if e == nil {
		if len(k.keys) >= maxCountedKeys {
			k.age()
		}
		if len(k.keys) >= maxCountedKeys {
			return nil, false
		}
		if k.keys == nil {
			k.keys = map[string]*caKey{}
		}
		e = &caKey{}
		k.keys[string(key.SPKI)] = e
	}
	e.uses++
	if e.fast != nil || e.making || e.uses < combAfter || !k.place(e.uses) {
		return e.fast, false
	}
	e.making = true
	k.combs++
	return nil, true
}

// place makes sure that there is one for the comb of a key with so many uses.
func (k *caKeys) place(uses int) bool {
	if k.combs < maxCombs {
		return true
	}
	var least *caKey
	for _, e := range k.keys {
		if e.fast != nil && (least == nil || e.uses < least.uses) {
			least = e
		}
	}
	// Twice as many: two that are used alike shall not take turns.
	if least == nil || uses < 2*least.uses {
		return false
	}
	least.fast = nil
	k.combs--
	return true
}

// age halves what was counted, and forgets keys that are hardly used.
func (k *caKeys) age() {
	for spki, e := range k.keys {
		if e.uses /= 2; e.uses == 0 && !e.making {
			if e.fast != nil {
				k.combs--
			}
			delete(k.keys, spki)
		}
	}
}
