package wire

// FiniteField: one of the named Diffie-Hellman groups (RFC 7919).
func (x Group) FiniteField() bool { return x >= GroupFFDHE2048 && x <= GroupFFDHE8192 }

// PostQuantum: it has a post-quantum part, mostly next to a curve. Such groups
// exist in TLS 1.3 alone, and their key shares are large.
func (x Group) PostQuantum() bool {
	switch x {
	case GroupMLKEM512, GroupMLKEM768, GroupMLKEM1024,
		GroupSecP256r1MLKEM512, GroupMLKEM512X25519, GroupSecP256r1MLKEM768, GroupX25519MLKEM768, GroupSecP384r1MLKEM1024, GroupCurveSM2MLKEM768,
		// Of browsers, before the standard.
		GroupX25519Kyber768Draft00, GroupSecP256r1Kyber768Draft00, GroupX25519Kyber512Draft00, GroupX25519Kyber768Draft00Old, GroupP256Kyber768Draft00, GroupCECPQ2:
		return true
	}
	return false
}
