package trust

import (
	"crypto/x509"
	"os"
	"testing"
)

func BenchmarkParseAndVerify(b *testing.B) {
	p := newPKI()
	leaf := issue(spec{}, p.inter)
	in := p.input(leaf, p.inter, p.root)
	raw := [][]byte{leaf.Raw, p.inter.Raw, p.root.Raw}
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for i, der := range raw {
				in.Chain[i] = must(ParseCertificate(der))
			}
			if r := Verify(in); !r.OK {
				b.Fatal(r.Verdict())
			}
		}
	})
	b.Run("x509", func(b *testing.B) {
		b.ReportAllocs()
		roots := x509.NewCertPool()
		roots.AddCert(p.root.x)
		for b.Loop() {
			inter := x509.NewCertPool()
			l := must(x509.ParseCertificate(raw[0]))
			inter.AddCert(must(x509.ParseCertificate(raw[1])))
			inter.AddCert(must(x509.ParseCertificate(raw[2])))
			if _, err := l.Verify(x509.VerifyOptions{DNSName: "good.example", Roots: roots, Intermediates: inter, CurrentTime: now}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkLoadSystemStore(b *testing.B) {
	for b.Loop() {
		if _, err := loadSystem(os.Getenv); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoadMozillaStore(b *testing.B) {
	for b.Loop() {
		loadMozilla()
	}
}

func BenchmarkSignature(b *testing.B) {
	for _, name := range []string{"brainpoolP256r1", "brainpoolP512r1", "secp256k1", "ed448", "dsa", "rsa-pss-signature", "rsa-exponent-wide"} {
		b.Run(name, func(b *testing.B) {
			certs := readPEM(b, "testdata/openssl/"+name+".pem")
			for b.Loop() {
				if err := certs[0].CheckSignatureFrom(certs[1]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
