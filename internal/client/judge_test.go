package client

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

var testKeysOnce = sync.OnceValues(func() (*rsa.PrivateKey, *ecdsa.PrivateKey) {
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return r, e
})

func testKeys(t *testing.T) (*rsa.PrivateKey, *ecdsa.PrivateKey) {
	t.Helper()
	return testKeysOnce()
}

// testKey2 is another RSA key than that of testKeys.
func testKey2(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// answer builds transcripts of a server's answer. It starts out as one that
// every current client likes.
type answer struct{ *transcript.Transcript }

// tls13 answers with TLS_AES_128_GCM_SHA256, x25519 and an ECDSA certificate.
func tls13(t *testing.T, p *Profile) answer {
	t.Helper()
	_, ec := testKeys(t)
	a := blank(p)
	a.Server = &wire.ServerHello{
		LegacyVersion: wire.VersionTLS12, CipherSuite: wire.TLS_AES_128_GCM_SHA256,
		Extensions: []wire.Extension{
			{Type: wire.ExtSupportedVersions, Data: []byte{3, 4}},
			{Type: wire.ExtKeyShare, Data: append([]byte{0, 0x1d, 0, 32}, make([]byte, 32)...)},
		},
	}
	a.Encrypted = &wire.EncryptedExtensions{}
	if a.asked(wire.ExtALPN) {
		a.Encrypted.Extensions = []wire.Extension{wire.ALPNExt("h2")}
	}
	a.Group = wire.GroupX25519
	a.Signature = wire.SigECDSASecp256r1SHA256
	a.Certificates = [][]byte{selfSigned(t, ec)}
	return a
}

// tls12 answers with an ECDHE suite and an RSA certificate, as one of TLS 1.2
// with all extensions does.
func tls12(t *testing.T, p *Profile) answer {
	t.Helper()
	rsaKey, _ := testKeys(t)
	a := blank(p)
	a.Server = &wire.ServerHello{
		LegacyVersion: wire.VersionTLS12, CipherSuite: wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		Extensions: []wire.Extension{wire.RenegotiationInfoExt(nil)},
	}
	if a.asked(wire.ExtExtendedMasterSecret) {
		a.add(wire.ExtendedMasterSecretExt())
	}
	a.KeyExchange = &wire.ServerKeyExchange{Group: wire.GroupSecp256r1, Point: make([]byte, 65), Signature: []byte{1}}
	a.Group = wire.GroupSecp256r1
	a.Signature = wire.SigRSAPKCS1SHA256
	a.Certificates = [][]byte{selfSigned(t, rsaKey)}
	return a
}

func blank(p *Profile) answer {
	hello := p.BuildHello(HelloOptions{ServerName: "www.example.org", HTTP: true})
	return answer{&transcript.Transcript{
		Attempt:        transcript.Attempt{Handshake: &transcript.Handshake{Hello: hello}},
		SignatureValid: transcript.Yes, Finished: transcript.Yes, CertificateBytes: 2000,
		Times: transcript.Times{Handshake: 50 * time.Millisecond},
	}}
}

func (a answer) asked(t wire.ExtensionType) bool {
	_, ok := a.Attempt.Handshake.Hello.Extension(t)
	return ok
}

// old makes it an answer of an older version.
func (a answer) old(v wire.Version, s wire.CipherSuite) {
	a.Server.LegacyVersion, a.Server.CipherSuite = v, s
	a.Signature = 0
}

// rsaKX makes it one with RSA key transport.
func (a answer) rsaKX(s wire.CipherSuite) {
	a.Server.CipherSuite, a.KeyExchange, a.Group, a.Signature, a.SignatureValid = s, nil, 0, 0, transcript.Unknown
}

func (a answer) dh(bits int) {
	a.KeyExchange = &wire.ServerKeyExchange{P: make([]byte, bits/8), G: []byte{2}, Y: []byte{2}, Signature: []byte{1}}
	a.KeyExchange.P[0], a.Group = 0x80, 0
}

func (a answer) drop(t wire.ExtensionType) {
	for i, e := range a.Server.Extensions {
		if e.Type == t {
			a.Server.Extensions = append(a.Server.Extensions[:i:i], a.Server.Extensions[i+1:]...)
			return
		}
	}
}

func (a answer) add(e wire.Extension) { a.Server.Extensions = append(a.Server.Extensions, e) }

func (a answer) retry(data []byte) {
	a.Retry = &wire.ServerHello{LegacyVersion: wire.VersionTLS12, CipherSuite: a.Server.CipherSuite, Extensions: []wire.Extension{
		{Type: wire.ExtSupportedVersions, Data: []byte{3, 4}},
	}}
	a.Retry.SetHelloRetryRequest()
	if data != nil {
		a.Retry.Extensions = append(a.Retry.Extensions, wire.Extension{Type: wire.ExtKeyShare, Data: data})
	}
}

type judgeCase struct {
	name   string
	client string
	base   func(*testing.T, *Profile) answer
	change func(*testing.T, answer)
	want   cause.ID // "" goes on
	dim    Dimension
	step   cause.Step
	detail string // part of it
}

var judgeCases = []judgeCase{
	{name: "TLS 1.3", client: "modern", base: tls13},
	{name: "TLS 1.2", client: "modern", base: tls12},
	{name: "nothing answered", client: "modern", base: func(_ *testing.T, p *Profile) answer { return blank(p) }},
	{name: "HelloRetryRequest for another group", client: "modern", base: tls13, change: func(_ *testing.T, a answer) {
		a.retry([]byte{0, 0x18})
		a.Server.Extensions[1].Data = append([]byte{0, 0x18, 0, 97}, make([]byte, 97)...)
	}},

	{name: "TLS 1.1", client: "modern", base: tls12, change: func(_ *testing.T, a answer) {
		a.old(wire.VersionTLS11, wire.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA)
	}, want: cause.NoSharedVersion, dim: Versions, step: cause.StepVersion, detail: "TLS 1.1"},
	{name: "SSL 2.0", client: "modern", base: func(_ *testing.T, p *Profile) answer { return blank(p) }, change: func(_ *testing.T, a answer) {
		a.ServerSSL2 = &wire.SSL2ServerHello{Version: wire.VersionSSL20}
	}, want: cause.NoSharedVersion, dim: Versions, step: cause.StepVersion, detail: "SSL 2.0"},
	{
		name: "TLS 1.3 to a client that ends at 1.2", client: "node-8.17.0", base: tls13,
		want: cause.MalformedReply, dim: Versions, step: cause.StepVersion, detail: "newer than the TLS 1.2",
	},
	{name: "TLS 1.0 with ECDHE to OpenSSL 3, which lists it", client: "openssl-3.0", base: tls12, change: func(_ *testing.T, a answer) {
		a.old(wire.VersionTLS10, wire.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA)
	}, want: cause.NoSharedVersion, dim: Versions, step: cause.StepVersion, detail: "signed with SHA-1"},
	{name: "TLS 1.0 with RSA key transport to OpenSSL 3", client: "openssl-3.0", base: tls12, change: func(_ *testing.T, a answer) {
		a.old(wire.VersionTLS10, wire.TLS_RSA_WITH_AES_128_CBC_SHA)
		a.rsaKX(wire.TLS_RSA_WITH_AES_128_CBC_SHA)
	}},
	{name: "TLS 1.0 to a client of 2016", client: "node-4.9.1", base: tls12, change: func(_ *testing.T, a answer) {
		a.old(wire.VersionTLS10, wire.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA)
	}},
	{name: "SSL 3.0 to a client whose hello does not exclude it", client: "node-4.9.1", base: tls12, change: func(_ *testing.T, a answer) {
		a.old(wire.VersionSSL30, wire.TLS_RSA_WITH_AES_128_CBC_SHA)
		a.rsaKX(wire.TLS_RSA_WITH_AES_128_CBC_SHA)
	}, want: cause.NoSharedVersion, dim: Versions, step: cause.StepVersion, detail: "nothing older than TLS 1.0"},
	{name: "downgrade sentinel of TLS 1.3", client: "modern", base: tls12, change: func(_ *testing.T, a answer) {
		copy(a.Server.Random[24:], sentinel12)
	}, want: cause.VersionIntolerant, dim: Versions, step: cause.StepVersion, detail: "downgrade"},
	{name: "downgrade sentinel to a client without TLS 1.3", client: "node-8.17.0", base: tls12, change: func(_ *testing.T, a answer) {
		copy(a.Server.Random[24:], sentinel12)
	}},

	{name: "suite not offered", client: "modern", base: tls12, change: func(_ *testing.T, a answer) {
		a.rsaKX(wire.TLS_RSA_WITH_RC4_128_SHA)
	}, want: cause.NoSharedCipher, dim: Suites, step: cause.StepCipher, detail: "TLS_RSA_WITH_RC4_128_SHA"},
	{name: "suite newer than the version", client: "modern", base: tls12, change: func(_ *testing.T, a answer) {
		a.Server.CipherSuite = wire.TLS_AES_128_GCM_SHA256
	}, want: cause.MalformedReply, dim: Suites, step: cause.StepVersion, detail: "does not exist in TLS 1.2"},
	{name: "suite of TLS 1.2 in TLS 1.3", client: "modern", base: tls13, change: func(_ *testing.T, a answer) {
		a.Server.CipherSuite = wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
	}, want: cause.MalformedReply, dim: Suites, step: cause.StepVersion, detail: "does not exist in TLS 1.3"},
	{name: "signalling value chosen", client: "openssl-3.0", base: tls12, change: func(_ *testing.T, a answer) {
		a.Server.CipherSuite = wire.TLS_EMPTY_RENEGOTIATION_INFO_SCSV
	}, want: cause.NoSharedCipher, dim: Suites, step: cause.StepCipher},
	{name: "suite changed after HelloRetryRequest", client: "modern", base: tls13, change: func(_ *testing.T, a answer) {
		a.retry([]byte{0, 0x18})
		a.Retry.CipherSuite = wire.TLS_AES_256_GCM_SHA384
	}, want: cause.MalformedReply, dim: Suites, step: cause.StepVersion},

	{name: "HelloRetryRequest for a group not offered", client: "modern", base: tls13, change: func(_ *testing.T, a answer) {
		a.retry([]byte{0x11, 0xec})
		a.Server = nil
	}, want: cause.NoSharedGroup, dim: Groups, step: cause.StepCipher, detail: "X25519MLKEM768"},
	{name: "HelloRetryRequest for a share sent", client: "modern", base: tls13, change: func(_ *testing.T, a answer) {
		a.retry([]byte{0, 0x1d})
	}, want: cause.MalformedReply, dim: Extensions, step: cause.StepVersion},
	{name: "HelloRetryRequest for nothing", client: "modern", base: tls13, change: func(_ *testing.T, a answer) {
		a.retry(nil)
	}, want: cause.MalformedReply, dim: Extensions, step: cause.StepVersion},
	{name: "TLS 1.3 group not offered", client: "modern", base: tls13, change: func(_ *testing.T, a answer) {
		a.Server.Extensions[1].Data = append([]byte{0, 0x1e, 0, 56}, make([]byte, 56)...)
	}, want: cause.NoSharedGroup, dim: Groups, step: cause.StepCipher, detail: "x448"},
	{name: "TLS 1.3 group without a share", client: "modern", base: tls13, change: func(_ *testing.T, a answer) {
		a.Server.Extensions[1].Data = append([]byte{0, 0x18, 0, 97}, make([]byte, 97)...)
	}, want: cause.MalformedReply, dim: Groups, step: cause.StepVersion, detail: "was sent none"},
	{name: "TLS 1.3 without a share", client: "modern", base: tls13, change: func(_ *testing.T, a answer) {
		a.drop(wire.ExtKeyShare)
	}, want: cause.MalformedReply, dim: Extensions, step: cause.StepVersion},
	{name: "TLS 1.2 group not offered", client: "chrome", base: tls12, change: func(_ *testing.T, a answer) {
		a.KeyExchange.Group = wire.GroupSecp521r1
	}, want: cause.NoSharedGroup, dim: Groups, step: cause.StepCipher, detail: "secp521r1"},
	{name: "TLS 1.2 group that this client offers", client: "firefox", base: tls12, change: func(_ *testing.T, a answer) {
		a.KeyExchange.Group = wire.GroupSecp521r1
	}},

	{name: "compression", client: "modern", base: tls12, change: func(_ *testing.T, a answer) {
		a.Server.CompressionMethod = 1
	}, want: cause.MalformedReply, dim: Extensions, step: cause.StepVersion, detail: "compression"},
	{name: "unsolicited extension", client: "modern", base: tls12, change: func(_ *testing.T, a answer) {
		a.add(wire.Extension{Type: wire.ExtHeartbeat, Data: []byte{1}})
	}, want: cause.MalformedReply, dim: Extensions, step: cause.StepVersion, detail: "heartbeat"},
	{name: "extension twice", client: "modern", base: tls12, change: func(_ *testing.T, a answer) {
		a.add(wire.ExtendedMasterSecretExt())
	}, want: cause.MalformedReply, dim: Extensions, step: cause.StepVersion, detail: "twice"},
	{name: "unsolicited encrypted extension", client: "modern", base: tls13, change: func(_ *testing.T, a answer) {
		a.Encrypted.Extensions = append(a.Encrypted.Extensions, wire.Extension{Type: wire.ExtUseSRTP})
	}, want: cause.MalformedReply, dim: Extensions, step: cause.StepVersion, detail: "use_srtp"},
	{name: "protocol not offered", client: "modern", base: tls13, change: func(_ *testing.T, a answer) {
		a.Encrypted.Extensions = []wire.Extension{wire.ALPNExt("spdy/3")}
	}, want: cause.MalformedReply, dim: ALPN, step: cause.StepCipher, detail: "spdy/3"},

	{name: "no RFC 5746", client: "openssl-3.0", base: tls12, change: func(_ *testing.T, a answer) {
		a.drop(wire.ExtRenegotiationInfo)
	}, want: cause.LegacyRenegotiation, dim: Renegotiation, step: cause.StepKeys},
	{name: "no RFC 5746 to a client that does not mind", client: "firefox", base: tls12, change: func(_ *testing.T, a answer) {
		a.drop(wire.ExtRenegotiationInfo)
	}},
	{name: "renegotiation_info for the signalling suite alone", client: "openssl-3.0", base: tls12},
	{name: "renegotiation_info of another handshake", client: "modern", base: tls12, change: func(_ *testing.T, a answer) {
		a.drop(wire.ExtRenegotiationInfo)
		a.add(wire.RenegotiationInfoExt([]byte("finished")))
	}, want: cause.MalformedReply, dim: Extensions, step: cause.StepKeys},
	{name: "no extended master secret", client: "modern", base: tls12, change: func(_ *testing.T, a answer) {
		a.drop(wire.ExtExtendedMasterSecret)
	}},

	{name: "certificate too large", client: "java-17", base: tls13, change: func(_ *testing.T, a answer) {
		a.CertificateBytes = 4 + 32769
	}, want: cause.CertificateTooLarge, dim: CertificateSize, step: cause.StepCertificate, detail: "32769"},
	{name: "certificate as large as Java reads", client: "java-17", base: tls13, change: func(_ *testing.T, a answer) {
		a.CertificateBytes = 4 + 32768
	}},
	{name: "certificate not too large for OpenSSL", client: "openssl-3.0", base: tls13, change: func(_ *testing.T, a answer) {
		a.CertificateBytes = 32769
	}},
	{name: "too many certificates", client: "java-17", base: tls13, change: func(_ *testing.T, a answer) {
		for len(a.Certificates) < 11 {
			a.Certificates = append(a.Certificates, a.Certificates[0])
		}
	}, want: cause.CertificateTooLarge, dim: CertificateSize, step: cause.StepCertificate, detail: "11 certificates"},
	{name: "certificate of another kind than the suite's", client: "modern", base: tls12, change: func(t *testing.T, a answer) {
		_, ec := testKeys(t)
		a.Certificates = [][]byte{selfSigned(t, ec)}
	}, want: cause.MalformedReply, dim: ServerKey, step: cause.StepCertificate, detail: "ecdsa"},
	{name: "unreadable certificate", client: "modern", base: tls13, change: func(_ *testing.T, a answer) {
		a.Certificates = [][]byte{{0x30, 0}}
	}},

	{name: "weak DH", client: "openssl-3.0", base: tls12, change: func(_ *testing.T, a answer) {
		a.Server.CipherSuite = wire.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256
		a.dh(1024)
	}, want: cause.WeakDH, dim: DHSize, step: cause.StepKeys, detail: "1024 bits"},
	{name: "DH too large for Java 7", client: "java-7", base: tls12, change: func(_ *testing.T, a answer) {
		a.Server.LegacyVersion, a.Signature = wire.VersionTLS10, 0
		a.Server.CipherSuite = wire.TLS_DHE_RSA_WITH_AES_128_CBC_SHA
		a.dh(2048)
	}, want: cause.NoSharedGroup, dim: DHSize, step: cause.StepKeys, detail: "at most 1024"},
	{name: "weak DH for Java is smaller", client: "java-17", base: tls12, change: func(_ *testing.T, a answer) {
		a.Server.CipherSuite = wire.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256
		a.dh(1024)
	}},
	{name: "DH of 2048 bits", client: "openssl-3.0", base: tls12, change: func(_ *testing.T, a answer) {
		a.Server.CipherSuite = wire.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256
		a.dh(2048)
	}},
	{name: "export key in a suite without one", client: "openssl-3.0", base: tls12, change: func(_ *testing.T, a answer) {
		a.rsaKX(wire.TLS_RSA_WITH_AES_128_GCM_SHA256)
		a.KeyExchange = &wire.ServerKeyExchange{Modulus: make([]byte, 64), Exponent: []byte{3}, Signature: []byte{1}}
	}, want: cause.MalformedReply, dim: Suites, step: cause.StepKeys, detail: "export"},

	{name: "signature scheme not offered", client: "modern", base: tls13, change: func(_ *testing.T, a answer) {
		a.Signature = wire.SigEd25519
	}, want: cause.NoSharedSignatureAlgorithm, dim: SignatureAlgorithms, step: cause.StepCipher, detail: "ed25519"},
	{name: "SHA-1 offered and refused", client: "openssl-3.0", base: tls12, change: func(_ *testing.T, a answer) {
		a.Attempt.Handshake.Hello.Set(wire.SignatureAlgorithmsExt(wire.SigRSAPKCS1SHA1))
		a.Signature = wire.SigRSAPKCS1SHA1
	}, want: cause.NoSharedSignatureAlgorithm, dim: SignatureAlgorithms, step: cause.StepCipher, detail: "refuses its hash"},
	{name: "SHA-1 to a client that takes it", client: "node-4.9.1", base: tls12, change: func(_ *testing.T, a answer) {
		a.Signature = wire.SigRSAPKCS1SHA1
	}},
	{name: "SHA-1 where the hello says nothing", client: "node-4.9.1", base: tls12, change: func(_ *testing.T, a answer) {
		a.Attempt.Handshake.Hello.Remove(wire.ExtSignatureAlgorithms)
		a.Signature = wire.SigRSAPKCS1SHA1
	}},
	{name: "PKCS #1 in TLS 1.3", client: "modern", base: tls13, change: func(t *testing.T, a answer) {
		rsaKey, _ := testKeys(t)
		a.Certificates = [][]byte{selfSigned(t, rsaKey)}
		a.Signature = wire.SigRSAPKCS1SHA256
	}, want: cause.MalformedReply, dim: SignatureAlgorithms, step: cause.StepKeys},
	{name: "wrong signature", client: "modern", base: tls13, change: func(_ *testing.T, a answer) {
		a.SignatureValid = transcript.No
	}, want: cause.CertKeyMismatch, dim: ServerKey, step: cause.StepKeys},
	{name: "wrong Finished", client: "modern", base: tls13, change: func(_ *testing.T, a answer) {
		a.Finished = transcript.No
	}, want: cause.MalformedReply, dim: ServerKey, step: cause.StepKeys},

	{name: "keyUsage without digitalSignature", client: "modern", base: tls12, change: func(t *testing.T, a answer) {
		rsaKey, _ := testKeys(t)
		a.Certificates = [][]byte{selfSigned(t, rsaKey, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment })}
	}, want: cause.WrongKeyUsage, dim: KeyUsage, step: cause.StepVerify, detail: "digitalSignature"},
	{name: "keyUsage without digitalSignature for RSA key transport", client: "chrome", base: tls12, change: func(t *testing.T, a answer) {
		rsaKey, _ := testKeys(t)
		a.rsaKX(wire.TLS_RSA_WITH_AES_128_GCM_SHA256)
		a.Certificates = [][]byte{selfSigned(t, rsaKey, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment })}
	}},
	{name: "keyUsage without keyEncipherment", client: "chrome", base: tls12, change: func(t *testing.T, a answer) {
		rsaKey, _ := testKeys(t)
		a.rsaKX(wire.TLS_RSA_WITH_AES_128_GCM_SHA256)
		a.Certificates = [][]byte{selfSigned(t, rsaKey, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature })}
	}, want: cause.WrongKeyUsage, dim: KeyUsage, step: cause.StepVerify, detail: "keyEncipherment"},
	{name: "keyUsage that OpenSSL does not look at", client: "curl-openssl", base: tls12, change: func(t *testing.T, a answer) {
		rsaKey, _ := testKeys(t)
		a.Certificates = [][]byte{selfSigned(t, rsaKey, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment })}
	}},

	{name: "slow", client: "go-1.26.8", base: tls13, change: func(_ *testing.T, a answer) {
		a.Times.Handshake = 10*time.Second + 100*time.Millisecond
	}, want: cause.SlowHandshake, dim: Time, step: cause.StepVersion, detail: "10 s"},
	{name: "slow, to a patient client", client: "curl-openssl", base: tls13, change: func(_ *testing.T, a answer) {
		a.Times.Handshake = 59 * time.Second
	}},
	{name: "h2 over CBC", client: "modern", base: tls12, change: func(_ *testing.T, a answer) {
		a.Server.CipherSuite = wire.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
		a.add(wire.ALPNExt("h2"))
	}, want: cause.HTTP2InadequateSecurity, dim: HTTP2, step: cause.StepSecure, detail: "CBC"},
	{name: "h2 over CBC to a client that does not mind", client: "curl-openssl", base: tls12, change: func(_ *testing.T, a answer) {
		a.Server.CipherSuite = wire.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
		a.add(wire.ALPNExt("h2"))
	}},
	{name: "h2 over TLS 1.0", client: "qtwebengine-5.15", base: tls12, change: func(_ *testing.T, a answer) {
		a.old(wire.VersionTLS10, wire.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA)
		a.add(wire.ALPNExt("h2"))
	}, want: cause.HTTP2InadequateSecurity, dim: HTTP2, step: cause.StepSecure, detail: "TLS 1.0"},

	{name: "the earliest of several", client: "modern", base: tls12, change: func(_ *testing.T, a answer) {
		a.old(wire.VersionTLS10, wire.TLS_RSA_WITH_RC4_128_SHA)
		a.drop(wire.ExtRenegotiationInfo)
		a.SignatureValid = transcript.No
	}, want: cause.NoSharedVersion, dim: Versions, step: cause.StepVersion},
}

func TestJudge(t *testing.T) {
	for _, c := range judgeCases {
		t.Run(c.name, func(t *testing.T) {
			p, err := Get(c.client)
			if err != nil {
				t.Fatal(err)
			}
			a := c.base(t, p)
			if c.change != nil {
				c.change(t, a)
			}
			r := p.Judge(a.Transcript)
			if c.want == "" {
				if r != nil {
					t.Fatalf("refused: %s", r)
				}
				return
			}
			if r == nil {
				t.Fatalf("goes on, want %s", c.want)
			}
			if r.Cause != c.want || r.Dimension != c.dim || r.Step != c.step || !strings.Contains(r.Detail, c.detail) {
				t.Errorf("got %s, dimension %s, step %s\n%s", r.Cause, r.Dimension, r.Step, r.Detail)
			}
			if strings.HasSuffix(r.Detail, ".") || strings.Contains(r.Detail, "%!") {
				t.Errorf("detail %q", r.Detail)
			}
			if next := p.Judge(a.Transcript, r.Dimension); next != nil && next.Dimension == r.Dimension {
				t.Errorf("refused in the relaxed dimension: %s", next)
			}
		})
	}
}

// TestRelaxedShowsTheNextWall: what else would stop the client if the first
// thing did not.
func TestRelaxedShowsTheNextWall(t *testing.T) {
	p, _ := Get("modern")
	a := tls12(t, p)
	a.old(wire.VersionTLS10, wire.TLS_RSA_WITH_RC4_128_SHA)
	a.drop(wire.ExtRenegotiationInfo)
	a.SignatureValid = transcript.No
	var relaxed []Dimension
	for _, want := range []cause.ID{cause.NoSharedVersion, cause.NoSharedCipher, cause.LegacyRenegotiation, cause.CertKeyMismatch} {
		r := p.Judge(a.Transcript, relaxed...)
		if r == nil || r.Cause != want {
			t.Fatalf("with %v relaxed: %v, want %s", relaxed, r, want)
		}
		relaxed = append(relaxed, r.Dimension)
	}
	if r := p.Judge(a.Transcript, relaxed...); r != nil {
		t.Errorf("still refused: %s", r)
	}
}

func TestJudgeByRSAKeySize(t *testing.T) {
	p, _ := Get(Default)
	rsaKey, _ := testKeys(t)
	for _, c := range []struct {
		least, most int
		want        cause.ID
	}{
		{0, 0, ""}, {2048, 2048, ""}, {2049, 0, cause.WeakKey}, {0, 2047, cause.CertificateTooLarge},
	} {
		p.Policy.MinHandshakeRSABits, p.Policy.MaxHandshakeRSABits = c.least, c.most
		a := tls12(t, p)
		a.Certificates = [][]byte{selfSigned(t, rsaKey)}
		r := p.Judge(a.Transcript)
		if (r == nil) != (c.want == "") || r != nil && (r.Cause != c.want || r.Got != 2048 || r.Limit != c.least+c.most) {
			t.Errorf("%d to %d bits: %+v", c.least, c.most, r)
		}
	}
}

func TestJudgeExtendedMasterSecret(t *testing.T) {
	p, _ := Get(Default)
	p.Policy.RequireExtendedMasterSecret = true
	a := tls12(t, p)
	if r := p.Judge(a.Transcript); r != nil {
		t.Errorf("refused although the server has it: %s", r)
	}
	a.drop(wire.ExtExtendedMasterSecret)
	if r := p.Judge(a.Transcript); r == nil || r.Cause != cause.ClientSetup || r.Step != cause.StepKeys {
		t.Errorf("got %v", r)
	}
}

// TestJudgeOfAnExperiment: a widened hello is judged by what it offered.
func TestJudgeOfAnExperiment(t *testing.T) {
	p, _ := Get("modern")
	a := tls12(t, p)
	a.rsaKX(wire.TLS_RSA_WITH_AES_128_CBC_SHA)
	if r := p.Judge(a.Transcript); r == nil || r.Cause != cause.NoSharedCipher {
		t.Fatalf("got %v", r)
	}
	h := a.Attempt.Handshake.Hello
	h.CipherSuites = append(h.CipherSuites, wire.TLS_RSA_WITH_AES_128_CBC_SHA)
	if r := p.Judge(a.Transcript); r != nil {
		t.Errorf("refused: %s", r)
	}
}
