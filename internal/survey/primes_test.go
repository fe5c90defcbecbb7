package survey

import (
	"crypto/rand"
	"math/big"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/tlswhy/tlswhy/internal/transcript"
)

// What the data file says of each prime is so.
func TestSoftwarePrimes(t *testing.T) {
	n := 0
	for line := range strings.Lines(softwarePrimes) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(strings.TrimSpace(line), "\t")
		if len(fields) != 3 {
			t.Fatalf("not three fields: %q", line)
		}
		p, ok := new(big.Int).SetString(fields[2], 16)
		if !ok || p.BitLen() < 512 {
			t.Fatalf("%s: %q", fields[0], fields[2])
		}
		if got := isSafePrime(p); got != (fields[1] == "safe") {
			t.Errorf("%s, %d bits: safe %v", fields[0], p.BitLen(), got)
		}
		// socat shipped a composite by mistake (CVE-2016-2217).
		if composite := fields[0] == "socat" && p.BitLen() == 1024; p.ProbablyPrime(1) == composite {
			t.Errorf("%s, %d bits: prime is %v", fields[0], p.BitLen(), composite)
		}
		n++
	}
	if n < 30 {
		t.Errorf("only %d primes", n)
	}
	if got := len(knownPrimes()); got != n+len(modp)+len(ffdhe) {
		t.Errorf("%d primes by hash of %d in the file: is one named twice?", got, n)
	}
}

// The formulas yield safe primes of the right size: one bit wrong anywhere and
// they would not.
func TestComputedPrimes(t *testing.T) {
	for name, p := range computedPrimes() {
		f := p.BitLen()
		if !strings.HasSuffix(name, "2409 group 1") && f < 1024 || p.Bit(f-64) != 1 {
			t.Errorf("%s has %d bits", name, f)
		}
		if f > 3072 && testing.Short() || f > 4096 {
			continue // minutes for the largest; they come of the same formula
		}
		if !isSafePrime(p) {
			t.Errorf("%s is no safe prime", name)
		}
	}
}

// OpenSSL knows the large groups too.
func TestComputedPrimesAreOpenSSLs(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("no openssl here")
	}
	all := computedPrimes()
	for name, group := range map[string]string{
		"RFC 3526 group 5": "modp_1536", "RFC 3526 group 14": "modp_2048", "RFC 3526 group 15": "modp_3072", "RFC 3526 group 16": "modp_4096",
		"RFC 3526 group 17": "modp_6144", "RFC 3526 group 18": "modp_8192", "ffdhe2048": "ffdhe2048", "ffdhe8192": "ffdhe8192",
	} {
		out, err := exec.Command(openssl, "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:"+group, "-text").CombinedOutput()
		if err != nil {
			t.Fatalf("openssl genpkey of %s: %v %s", group, err, out)
		}
		m := regexp.MustCompile(`(?s)prime P:\s+(.*?)generator`).FindSubmatch(out)
		if m == nil {
			continue // 3.x prints the name alone
		}
		if got := regexp.MustCompile(`[\s:]`).ReplaceAllString(string(m[1]), ""); strings.TrimLeft(got, "0") != all[name].Text(16) {
			t.Errorf("%s differs from OpenSSL's", name)
		}
	}
}

func TestDHFact(t *testing.T) {
	all := computedPrimes()
	own, err := rand.Prime(rand.Reader, 512)
	if err != nil {
		t.Fatal(err)
	}
	large := new(big.Int).SetBit(new(big.Int).Set(all["ffdhe3072"]), 7, 0)
	for _, x := range []struct {
		why  string
		p, g []byte
		want transcript.DHFact
	}{
		{"a group of RFC 7919", all["ffdhe2048"].Bytes(), []byte{2}, transcript.DHFact{Bits: 2048, Name: "ffdhe2048", Generator: 2, Safe: transcript.Yes}},
		{"leading zeros", append([]byte{0, 0}, all["RFC 2409 group 2"].Bytes()...), []byte{0, 2}, transcript.DHFact{Bits: 1024, Name: "RFC 2409 group 2", Generator: 2, Safe: transcript.Yes}},
		{"a prime of its own, not a safe one", own.Bytes(), []byte{5}, transcript.DHFact{Bits: 512, Generator: 5, Safe: transcript.No}},
		{"too large to compute", large.Bytes(), make5(), transcript.DHFact{Bits: 3072, Safe: transcript.Unknown}},
		{"nothing", nil, nil, transcript.DHFact{Safe: transcript.No}},
		{"one", []byte{1}, []byte{1}, transcript.DHFact{Bits: 1, Generator: 1, Safe: transcript.No}},
		{"11 is 2*5+1", []byte{11}, []byte{2}, transcript.DHFact{Bits: 4, Generator: 2, Safe: transcript.Yes}},
	} {
		got := dhFact(x.p, x.g)
		if len(got.Prime) != 64 {
			t.Errorf("%s: hash %q", x.why, got.Prime)
		}
		got.Prime = ""
		if got != x.want {
			t.Errorf("%s: %+v, want %+v", x.why, got, x.want)
		}
	}
}

// make5 is a generator of 2^32, too large for the document.
func make5() []byte { return []byte{1, 0, 0, 0, 0} }

func FuzzDHFact(f *testing.F) {
	f.Add([]byte{23}, []byte{5})
	f.Add([]byte{}, []byte{})
	f.Fuzz(func(t *testing.T, p, g []byte) {
		if len(p) > 128 {
			return
		}
		if x := dhFact(p, g); x.Bits > 8*len(p) || x.Generator < 0 {
			t.Errorf("%+v", x)
		}
	})
}

func BenchmarkSafePrime2048(b *testing.B) {
	p := computedPrimes()["ffdhe2048"]
	for b.Loop() {
		isSafePrime(p)
	}
}

func BenchmarkKnownPrimes(b *testing.B) {
	for b.Loop() {
		computedPrimes()
	}
}
