package survey

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"sync"

	"github.com/tlswhy/tlswhy/internal/transcript"
)

//go:embed data/primes.txt
var softwarePrimes string

// maxSafeCheck is the size in bits up to which an unknown prime is tested for
// being a safe one: about 10 ms there, and eight times as long for twice the size.
const maxSafeCheck = 2048

// dhFact describes the Diffie-Hellman group of a ServerKeyExchange.
func dhFact(p, g []byte) transcript.DHFact {
	prime := new(big.Int).SetBytes(p)
	fact := transcript.DHFact{Bits: prime.BitLen(), Prime: primeHash(prime)}
	if gen := new(big.Int).SetBytes(g); gen.BitLen() <= 31 {
		fact.Generator = int(gen.Int64())
	}
	if k, ok := knownPrimes()[fact.Prime]; ok {
		fact.Name, fact.Safe = k.name, k.safe
	} else if fact.Bits <= maxSafeCheck {
		fact.Safe = transcript.TriOf(isSafePrime(prime))
	}
	return fact
}

// primeHash is of the number's bytes, so that leading zeros make no difference.
func primeHash(p *big.Int) string {
	sum := sha256.Sum256(p.Bytes())
	return hex.EncodeToString(sum[:])
}

// isSafePrime says that p is 2q+1 with p and q prime. In a group of any other
// prime small subgroups may leak the secret (RFC 7919, Section 7.1).
func isSafePrime(p *big.Int) bool {
	// But for 5 and 7 they are 11 modulo 12; that alone refuses most others, and
	// numbers too small to be anything.
	if p.BitLen() < 4 || new(big.Int).Mod(p, big.NewInt(12)).Int64() != 11 {
		return false
	}
	one := big.NewInt(1)
	q := new(big.Int).Rsh(p, 1)
	// One round of Solovay and Strassen for q, of which no composite passes for
	// more than half of the bases. The base depends on p, so that a peer cannot
	// choose a composite for it.
	sum := sha256.Sum256(p.Bytes())
	a := new(big.Int).SetBytes(sum[:16])
	a.Mod(a, new(big.Int).Sub(q, big.NewInt(3))).Add(a, big.NewInt(2))
	r := new(big.Int).Exp(a, new(big.Int).Rsh(q, 1), q)
	jacobi := new(big.Int).Mod(big.NewInt(int64(big.Jacobi(a, q))), q)
	if jacobi.Sign() == 0 || r.Cmp(jacobi) != 0 {
		return false
	}
	// With q prime, Pocklington's criterion decides for p: a^(p-1) is 1 and a^2-1
	// has no factor in common with p.
	r.Exp(a, q, p)
	if r.Cmp(one) != 0 && r.Cmp(new(big.Int).Sub(p, one)) != 0 {
		return false
	}
	a.Mul(a, a).Sub(a, one)
	return new(big.Int).GCD(nil, nil, a, p).Cmp(one) == 0
}

type knownPrime struct {
	name string
	safe transcript.Tri
}

// knownPrimes are named by the hash of the prime.
var knownPrimes = sync.OnceValue(func() map[string]knownPrime {
	all := map[string]knownPrime{}
	for line := range strings.Lines(softwarePrimes) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		if strings.HasPrefix(line, "#") || len(fields) != 3 {
			continue
		}
		p, ok := new(big.Int).SetString(fields[2], 16)
		if !ok {
			continue
		}
		name := fields[0]
		if !strings.HasPrefix(name, "RFC ") {
			name = fmt.Sprintf("%s, %d bits", name, p.BitLen())
		}
		all[primeHash(p)] = knownPrime{name, transcript.TriOf(fields[1] == "safe")}
	}
	for name, p := range computedPrimes() {
		all[primeHash(p)] = knownPrime{name, transcript.Yes}
	}
	return all
})

// formula describes the primes of the IETF: 2^b - 2^(b-64) - 1 + 2^64 * (X +
// floor(2^(b-130) c)), where c is pi or e.
type formula struct {
	name string
	bits uint
	x    int64
}

// RFC 2409, Sections 6.1 and 6.2; RFC 3526, Sections 2 to 7. All with pi.
var modp = []formula{
	{"RFC 2409 group 1", 768, 149686},
	{"RFC 2409 group 2", 1024, 129093},
	{"RFC 3526 group 5", 1536, 741804},
	{"RFC 3526 group 14", 2048, 124476},
	{"RFC 3526 group 15", 3072, 1690314},
	{"RFC 3526 group 16", 4096, 240904},
	{"RFC 3526 group 17", 6144, 929484},
	{"RFC 3526 group 18", 8192, 4743158},
}

// RFC 7919, Appendix A. All with e.
var ffdhe = []formula{
	{"ffdhe2048", 2048, 560316},
	{"ffdhe3072", 3072, 2625351},
	{"ffdhe4096", 4096, 5736041},
	{"ffdhe6144", 6144, 15705020},
	{"ffdhe8192", 8192, 10965728},
}

func computedPrimes() map[string]*big.Int {
	out := map[string]*big.Int{}
	const most = 8192 - 130
	for _, set := range []struct {
		groups []formula
		c      *big.Int // scaled by 2^most
	}{{modp, scaledPi(most)}, {ffdhe, scaledE(most)}} {
		for _, f := range set.groups {
			mid := new(big.Int).Rsh(set.c, most-(f.bits-130))
			mid.Add(mid, big.NewInt(f.x)).Lsh(mid, 64)
			p := new(big.Int).Lsh(big.NewInt(1), f.bits)
			p.Sub(p, new(big.Int).Lsh(big.NewInt(1), f.bits-64)).Add(p, mid).Sub(p, big.NewInt(1))
			out[f.name] = p
		}
	}
	return out
}

// spare bits take up the rounding of a series.
const spare = 64

// scaledE is floor(2^bits e).
func scaledE(bits uint) *big.Int {
	term := new(big.Int).Lsh(big.NewInt(1), bits+spare)
	sum := new(big.Int).Set(term)
	for k := int64(1); term.Sign() > 0; k++ {
		term.Quo(term, big.NewInt(k))
		sum.Add(sum, term)
	}
	return sum.Rsh(sum, spare)
}

// scaledPi is floor(2^bits pi), by Machin's formula pi = 16 arctan(1/5) - 4
// arctan(1/239).
func scaledPi(bits uint) *big.Int {
	arctan := func(factor, x int64) *big.Int {
		term := new(big.Int).Lsh(big.NewInt(factor), bits+spare)
		term.Quo(term, big.NewInt(x))
		sum, part := new(big.Int), new(big.Int)
		for k := int64(1); term.Sign() > 0; k += 2 {
			part.Quo(term, big.NewInt(k))
			if k%4 == 1 {
				sum.Add(sum, part)
			} else {
				sum.Sub(sum, part)
			}
			term.Quo(term, big.NewInt(x*x))
		}
		return sum
	}
	pi := new(big.Int).Sub(arctan(16, 5), arctan(4, 239))
	return pi.Rsh(pi, spare)
}
