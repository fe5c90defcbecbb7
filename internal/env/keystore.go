package env

import (
	"bytes"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// errEncrypted: the certificates of a PKCS #12 file are under its password.
var errEncrypted = errors.New("its certificates are encrypted with a password")

// parseKeystore reads the trusted certificates of a Java keystore: JKS, or
// PKCS #12 without encryption, which is what a JDK ships since 18.
func parseKeystore(b []byte) (format string, ders [][]byte, err error) {
	switch {
	case len(b) >= 4 && binary.BigEndian.Uint32(b) == jksMagic:
		ders, err = parseJKS(b)
		return "JKS", ders, err
	case len(b) > 0 && b[0] == 0x30:
		ders, err = parsePKCS12(b)
		return "PKCS12", ders, err
	}
	return "", nil, errors.New("neither JKS nor PKCS #12")
}

const jksMagic = 0xfeedfeed

// jksReader reads what java.io.DataOutput writes.
type jksReader struct {
	b   []byte
	bad bool
}

func (r *jksReader) take(n int) []byte {
	if r.bad || n < 0 || n > len(r.b) {
		r.bad = true
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *jksReader) u32() int {
	if b := r.take(4); b != nil {
		return int(binary.BigEndian.Uint32(b))
	}
	return 0
}

func (r *jksReader) utf() string {
	if b := r.take(2); b != nil {
		return string(r.take(int(binary.BigEndian.Uint16(b))))
	}
	return ""
}

// parseJKS reads a keystore of version 1 or 2. Its password protects private
// keys and the whole's integrity, not the certificates.
func parseJKS(b []byte) ([][]byte, error) {
	r := &jksReader{b: b[4:]}
	version, entries := r.u32(), r.u32()
	if version != 1 && version != 2 {
		return nil, fmt.Errorf("JKS of version %d", version)
	}
	var out [][]byte
	certificate := func(trusted bool) {
		if version == 2 {
			if kind := r.utf(); kind != "X.509" && !r.bad {
				r.bad = true
			}
		}
		if der := r.take(r.u32()); der != nil && trusted {
			out = append(out, der)
		}
	}
	for range entries {
		if r.bad || len(out) >= maxRoots {
			break
		}
		tag := r.u32()
		r.utf()   // alias
		r.take(8) // date
		switch tag {
		case 1: // private key with its chain
			r.take(r.u32())
			for n := r.u32(); n > 0 && !r.bad; n-- {
				certificate(false)
			}
		case 2:
			certificate(true)
		default:
			r.bad = true
		}
	}
	if r.bad {
		return out, errors.New("JKS that ends or goes wrong in the middle")
	}
	return out, nil
}

// The parts of PKCS #12 (RFC 7292) that hold certificates.
type (
	pfx struct {
		Version  int
		AuthSafe contentInfo
		MacData  asn1.RawValue `asn1:"optional"`
	}
	contentInfo struct {
		ContentType asn1.ObjectIdentifier
		Content     asn1.RawValue `asn1:"explicit,optional,tag:0"`
	}
	safeBag struct {
		ID         asn1.ObjectIdentifier
		Value      asn1.RawValue `asn1:"explicit,tag:0"`
		Attributes asn1.RawValue `asn1:"optional"`
	}
	certBag struct {
		ID   asn1.ObjectIdentifier
		Data []byte `asn1:"explicit,tag:0"`
	}
)

var (
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidEncryptedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 6}
	oidCertBag       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 3}
)

// octets is the content of an OCTET STRING.
func octets(v asn1.RawValue) ([]byte, error) {
	var b []byte
	if _, err := asn1.Unmarshal(v.FullBytes, &b); err != nil {
		return nil, err
	}
	return b, nil
}

func parsePKCS12(b []byte) ([][]byte, error) {
	var p pfx
	if _, err := asn1.Unmarshal(b, &p); err != nil {
		return nil, errors.New("not PKCS #12 in DER")
	}
	if !p.AuthSafe.ContentType.Equal(oidData) {
		return nil, errors.New("PKCS #12 that is signed")
	}
	safe, err := octets(inner(p.AuthSafe.Content))
	if err != nil {
		return nil, errors.New("PKCS #12 without its content")
	}
	var infos []contentInfo
	if _, err := asn1.Unmarshal(safe, &infos); err != nil {
		return nil, errors.New("PKCS #12 whose content cannot be read")
	}
	var out [][]byte
	encrypted := false
	for _, info := range infos {
		switch {
		case info.ContentType.Equal(oidEncryptedData):
			encrypted = true
		case info.ContentType.Equal(oidData):
			bags, err := octets(inner(info.Content))
			if err != nil {
				continue
			}
			out = append(out, bagCertificates(bags)...)
		}
	}
	if len(out) == 0 && encrypted {
		return nil, errEncrypted
	}
	return out, nil
}

// inner: RawValue of an explicit tag holds the tag's content, which is the value
// itself with its header.
func inner(v asn1.RawValue) asn1.RawValue {
	if v.Class == asn1.ClassContextSpecific {
		return asn1.RawValue{FullBytes: v.Bytes}
	}
	return v
}

func bagCertificates(bags []byte) [][]byte {
	var all []safeBag
	if _, err := asn1.Unmarshal(bags, &all); err != nil {
		return nil
	}
	var out [][]byte
	for _, bag := range all {
		var c certBag
		if !bag.ID.Equal(oidCertBag) {
			continue
		}
		if _, err := asn1.Unmarshal(inner(bag.Value).FullBytes, &c); err == nil && len(out) < maxRoots {
			out = append(out, c.Data)
		}
	}
	return out
}

// javaStore reads a keystore file.
func (h *Host) javaStore(d *Document, file string) *Store {
	format := "JKS"
	s := h.store(d, file, format, func() ([][]byte, error) {
		b, err := h.read(file)
		if err != nil {
			return nil, err
		}
		var ders [][]byte
		format, ders, err = parseKeystore(b)
		if format == "" && bytes.Contains(b[:min(len(b), 4096)], []byte("-----BEGIN ")) {
			format = "PEM" // BouncyCastle and GraalVM images
			return pemCertificates(b), nil
		}
		return ders, err
	})
	if s.Format == "JKS" && format != "" {
		s.Format = strings.ToUpper(format)
	}
	return s
}
