module github.com/tlswhy/tlswhy

go 1.26.8

require (
	filippo.io/nistec v0.0.4 // points of P-256: multiples of CA keys, computed ahead
	github.com/ProtonMail/go-crypto v1.5.2 // brainpool curves of certificates
	github.com/andybalholm/brotli v1.2.8 // compressed certificates (RFC 8879)
	github.com/clipperhouse/displaywidth v0.11.0 // columns of text on a terminal
	github.com/cloudflare/circl v1.6.5 // X448, Ed448
	github.com/goccy/go-yaml v1.19.2 // strict reading of the data files, by generators alone
	github.com/klauspost/compress v1.20.3 // zstd of compressed certificates
	github.com/miekg/dns v1.1.73 // look-ups past the system's resolver: HTTPS, CAA, TLSA
	github.com/pion/dtls/v3 v3.1.15 // AES-CCM
	github.com/spf13/cobra v1.10.2 // commands, completion
	github.com/spf13/pflag v1.0.9 // flags, with cobra
	golang.org/x/crypto v0.58.0 // cryptobyte, ChaCha20-Poly1305
	golang.org/x/crypto/x509roots/fallback v0.0.0-20261030153154-30a33513ff6d // Mozilla's roots
	golang.org/x/net v0.62.0 // HTTP/2 frames, IDNA, public suffixes
	golang.org/x/sys v0.49.0 // TCP_INFO
	golang.org/x/term v0.47.0 // is it a terminal, and how wide
	golang.org/x/time v0.16.0 // pace of connections
)

// Tests only.
require (
	github.com/google/go-cmp v0.7.0 // differences of structures
	github.com/rogpeppe/go-internal v1.16.0 // testscript
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3 // published schemas against real output
	github.com/zmap/zcrypto v0.0.0-20260725024403-2c658ce3c66f // an oracle for names of code points
	go.uber.org/goleak v1.3.0 // goroutines that outlive their test
	pgregory.net/rapid v1.3.0 // properties
)

require (
	github.com/clipperhouse/uax29/v2 v2.7.0 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/weppos/publicsuffix-go v0.50.4-0.20260715080728-6ed62ce99a4a // indirect
	golang.org/x/text v0.43.0 // indirect
	golang.org/x/tools v0.51.0 // indirect
)
