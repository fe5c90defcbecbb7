package trust

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
)

// ErrNoCertificate means that a file holds no certificate at all.
var ErrNoCertificate = errors.New("no certificate found")

// maxPEMBlocks bounds what one file may hold.
const maxPEMBlocks = 10_000

// ParsePEM reads all certificates of PEM text; blocks of other types (keys,
// parameters, CRLs) are passed over. Errors name the number of the block,
// counted from 1 over all blocks. What was read before the error is returned.
func ParsePEM(text []byte) ([]*Certificate, error) {
	var certs []*Certificate
	err := eachPEM(text, func(n int, der []byte) error {
		c, err := ParseCertificate(der)
		if err != nil {
			return fmt.Errorf("PEM block %d: %w", n, err)
		}
		certs = append(certs, c)
		return nil
	})
	if err != nil {
		return certs, err
	}
	if len(certs) == 0 {
		return nil, ErrNoCertificate
	}
	return certs, nil
}

var pemBegin = []byte("-----BEGIN ")

// eachPEM calls fn with the DER of each certificate block.
func eachPEM(text []byte, fn func(n int, der []byte) error) error {
	rest := text
	for n := 1; ; n++ {
		var block *pem.Block
		start := rest
		block, rest = pem.Decode(rest)
		if block == nil {
			if i := bytes.Index(start, pemBegin); i >= 0 {
				return fmt.Errorf("PEM block %d: no end line, or not base64", n)
			}
			return nil
		}
		// encoding/pem passes over blocks that it cannot decode; a file with a
		// damaged certificate must not be taken for one that never had it.
		skipped := bytes.Count(start[:len(start)-len(rest)], pemBegin) - 1
		if skipped > 0 {
			return fmt.Errorf("PEM block %d: no end line, or not base64", n)
		}
		if n > maxPEMBlocks {
			return fmt.Errorf("more than %d PEM blocks", maxPEMBlocks)
		}
		switch block.Type {
		case "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE":
			if err := fn(n, block.Bytes); err != nil {
				return err
			}
		}
	}
}

// firstPEM is the content of the first block, nil if there is none.
func firstPEM(text []byte) []byte {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil
	}
	return block.Bytes
}
