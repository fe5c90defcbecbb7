package engine

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/crypto/cryptobyte"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// decompressCertificate reads a CompressedCertificate (RFC 8879, Section 4) and
// returns the algorithm and the body of the Certificate message in it.
func decompressCertificate(body []byte) (wire.CertCompression, []byte, error) {
	s := cryptobyte.String(body)
	var alg uint16
	var size uint32
	var data cryptobyte.String
	if !s.ReadUint16(&alg) || !s.ReadUint24(&size) || !s.ReadUint24LengthPrefixed(&data) || !s.Empty() {
		return 0, nil, errors.New("malformed CompressedCertificate")
	}
	if size > wire.MaxHandshakeBytes {
		return 0, nil, fmt.Errorf("a compressed certificate of %d bytes", size)
	}
	var r io.Reader
	switch wire.CertCompression(alg) {
	case wire.CertCompressionZlib:
		z, err := zlib.NewReader(bytes.NewReader(data))
		if err != nil {
			return 0, nil, fmt.Errorf("decompressing the certificate: %w", err)
		}
		r = z
	case wire.CertCompressionBrotli:
		r = brotli.NewReader(bytes.NewReader(data))
	case wire.CertCompressionZstd:
		z, err := zstd.NewReader(bytes.NewReader(data), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<20))
		if err != nil {
			return 0, nil, fmt.Errorf("decompressing the certificate: %w", err)
		}
		defer z.Close()
		r = z
	default:
		return 0, nil, fmt.Errorf("a certificate compressed with %s", wire.CertCompression(alg))
	}
	// One byte more than announced tells a lie without unpacking all of it.
	out, err := io.ReadAll(io.LimitReader(r, int64(size)+1))
	if err != nil {
		return 0, nil, fmt.Errorf("decompressing the certificate: %w", err)
	}
	if len(out) != int(size) {
		return 0, nil, fmt.Errorf("a compressed certificate that is not %d bytes long as it says", size)
	}
	return wire.CertCompression(alg), out, nil
}
