package wire

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte"
)

// ECHVersion is the only version of ECHConfig that is defined (RFC 9849, Section 4).
const ECHVersion uint16 = 0xfe0d

// HPKESuite is the symmetric half of HPKE (RFC 9180).
type HPKESuite struct {
	KDF  HPKEKDF  `json:"kdf"`
	AEAD HPKEAEAD `json:"aead"`
}

// ECHConfig is one key for encrypting a ClientHello (RFC 9849, Section 4). Of a
// version that is not ECHVersion, nothing but Version and Raw is set.
type ECHConfig struct {
	Version           uint16
	ConfigID          uint8
	KEM               HPKEKEM
	PublicKey         []byte
	Suites            []HPKESuite
	MaximumNameLength uint8 // bytes; what shorter names are padded to
	PublicName        string
	Extensions        []Extension
	// Raw is the structure with version and length, as HPKE binds it. Marshal
	// writes it anew from the fields.
	Raw []byte
}

// ParseECHConfigList reads what the ech parameter of an HTTPS record holds, and
// retry_configs. Versions that are not known are kept, to be passed over.
func ParseECHConfigList(b []byte) ([]ECHConfig, error) {
	s := cryptobyte.String(b)
	var list cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&list) || !s.Empty() || list.Empty() {
		return nil, errors.New("malformed ECHConfigList")
	}
	var out []ECHConfig
	for !list.Empty() {
		all := list
		var c ECHConfig
		var contents cryptobyte.String
		if !list.ReadUint16(&c.Version) || !list.ReadUint16LengthPrefixed(&contents) {
			return nil, errors.New("truncated ECHConfig")
		}
		c.Raw = slices.Clone([]byte(all[:len(all)-len(list)]))
		if c.Version == ECHVersion {
			if err := c.parse(contents); err != nil {
				return nil, err
			}
		}
		out = append(out, c)
	}
	return out, nil
}

func (c *ECHConfig) parse(s cryptobyte.String) error {
	var key, suites, name cryptobyte.String
	var kem uint16
	if !s.ReadUint8(&c.ConfigID) || !s.ReadUint16(&kem) || !s.ReadUint16LengthPrefixed(&key) ||
		!s.ReadUint16LengthPrefixed(&suites) || !s.ReadUint8(&c.MaximumNameLength) || !s.ReadUint8LengthPrefixed(&name) {
		return errors.New("truncated ECHConfig")
	}
	if key.Empty() || suites.Empty() || len(suites)%4 != 0 || name.Empty() {
		return errors.New("bad length in ECHConfig")
	}
	c.KEM, c.PublicKey, c.PublicName = HPKEKEM(kem), slices.Clone([]byte(key)), string(name)
	for !suites.Empty() {
		var kdf, aead uint16
		suites.ReadUint16(&kdf)
		suites.ReadUint16(&aead)
		c.Suites = append(c.Suites, HPKESuite{HPKEKDF(kdf), HPKEAEAD(aead)})
	}
	exts, err := parseExtensions(&s)
	if err != nil || !s.Empty() {
		return errors.New("malformed extensions in ECHConfig")
	}
	c.Extensions = exts
	return nil
}

// Understood reports whether a client may use the configuration: its version is
// known, it has no mandatory extension (none is defined yet) and its public name
// is one that can be sent (RFC 9849, Sections 4 and 4.2).
func (c *ECHConfig) Understood() bool {
	mandatory := func(e Extension) bool { return e.Type&0x8000 != 0 }
	return c.Version == ECHVersion && !slices.ContainsFunc(c.Extensions, mandatory) && isDNSName(c.PublicName)
}

// isDNSName tells names of letters, digits and hyphens from everything that
// might be taken for an address.
func isDNSName(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return false
	}
	labels := strings.Split(s, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' || strings.ContainsFunc(l, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-')
		}) {
			return false
		}
	}
	last := strings.ToLower(labels[len(labels)-1])
	return strings.Trim(last, "0123456789") != "" && !strings.HasPrefix(last, "0x")
}

// Marshal returns the structure with version and length: Raw, if it was parsed.
func (c *ECHConfig) Marshal() ([]byte, error) {
	if c.Version != ECHVersion {
		return c.Raw, nil
	}
	var b cryptobyte.Builder
	b.AddUint16(c.Version)
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
		b.AddUint8(c.ConfigID)
		b.AddUint16(uint16(c.KEM))
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(c.PublicKey) })
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			for _, x := range c.Suites {
				b.AddUint16(uint16(x.KDF))
				b.AddUint16(uint16(x.AEAD))
			}
		})
		b.AddUint8(c.MaximumNameLength)
		b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(c.PublicName)) })
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { addExtensions(b, c.Extensions) })
	})
	out, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("building ECHConfig: %w", err)
	}
	return out, nil
}

// MarshalECHConfigList is the inverse of ParseECHConfigList.
func MarshalECHConfigList(configs ...ECHConfig) ([]byte, error) {
	var list []byte
	for i := range configs {
		c, err := configs[i].Marshal()
		if err != nil {
			return nil, err
		}
		list = append(list, c...)
	}
	var b cryptobyte.Builder
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(list) })
	out, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("building ECHConfigList: %w", err)
	}
	return out, nil
}

// ECHClientHello is encrypted_client_hello of a ClientHello (RFC 9849, Section 5).
type ECHClientHello struct {
	// Inner marks the hello that was encrypted; it has no other field.
	Inner    bool
	Suite    HPKESuite
	ConfigID uint8
	Enc      []byte // HPKE's encapsulated key; empty after a HelloRetryRequest
	Payload  []byte // the encrypted hello, or as many random bytes (GREASE)
}

// Extension is the extension as it is sent.
func (e ECHClientHello) Extension() Extension {
	if e.Inner {
		return Extension{ExtEncryptedClientHello, []byte{1}}
	}
	d := len16(len16([]byte{0}, int(e.Suite.KDF)), int(e.Suite.AEAD))
	d = append(len16(append(d, e.ConfigID), len(e.Enc)), e.Enc...)
	return Extension{ExtEncryptedClientHello, append(len16(d, len(e.Payload)), e.Payload...)}
}

// ParseECHClientHello reads the data of the extension.
func ParseECHClientHello(data []byte) (*ECHClientHello, error) {
	s := cryptobyte.String(data)
	e := &ECHClientHello{}
	var kind uint8
	if !s.ReadUint8(&kind) || kind > 1 {
		return nil, errors.New("encrypted_client_hello of an unknown type")
	}
	if e.Inner = kind == 1; e.Inner {
		if !s.Empty() {
			return nil, errors.New("bytes after an inner encrypted_client_hello")
		}
		return e, nil
	}
	var enc, payload cryptobyte.String
	var kdf, aead uint16
	if !s.ReadUint16(&kdf) || !s.ReadUint16(&aead) || !s.ReadUint8(&e.ConfigID) ||
		!s.ReadUint16LengthPrefixed(&enc) || !s.ReadUint16LengthPrefixed(&payload) || payload.Empty() || !s.Empty() {
		return nil, errors.New("malformed encrypted_client_hello")
	}
	e.Suite = HPKESuite{HPKEKDF(kdf), HPKEAEAD(aead)}
	e.Enc, e.Payload = slices.Clone([]byte(enc)), slices.Clone([]byte(payload))
	return e, nil
}

// ECHOuterExtensionsExt stands in an encoded inner hello for a run of
// extensions that are to be taken from the outer one (RFC 9849, Section 5.1).
func ECHOuterExtensionsExt(types ...ExtensionType) Extension {
	return Extension{ExtECHOuterExtensions, append16([]byte{byte(2 * len(types))}, types)}
}
