package main

import (
	"bytes"
	"fmt"
)

// writeMethods emits String, MarshalJSON and UnmarshalJSON of every type.
// They are the same for all; generics can't declare methods on named types.
func writeMethods(b *bytes.Buffer) error {
	for _, r := range registries {
		t, look := r.goType, "lookup("+r.table+"[:], x)"
		digits := map[string]int{"CipherSuite": 4, "Group": 4, "SignatureScheme": 4, "ExtensionType": 4, "CertCompression": 4, "HPKEKEM": 4, "HPKEKDF": 4, "HPKEAEAD": 4, "SSL2Cipher": 6}[t]
		if digits == 0 {
			digits = 2
		}
		if t != "CipherSuite" && t != "SSL2Cipher" && t != "PSKMode" {
			fmt.Fprintf(b, "// String returns the name of x, or its number.\nfunc (x %s) String() string { return codeName(%s, uint32(x), %d) }\n\n", t, look, digits)
		}
		fmt.Fprintf(b, "// MarshalJSON writes x as a CodePoint.\nfunc (x %s) MarshalJSON() ([]byte, error) { return marshalCode(uint32(x), x.String()), nil }\n\n", t)
		fmt.Fprintf(b, "// UnmarshalJSON reads a CodePoint or a number.\nfunc (x *%s) UnmarshalJSON(b []byte) error { return unmarshalCode(x, b) }\n\n", t)
	}
	return nil
}
