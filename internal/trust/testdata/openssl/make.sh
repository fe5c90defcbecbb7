#!/bin/sh
# make.sh - makes the certificates of this directory anew with the openssl
# command (3.0 or later). Each NAME.pem holds a leaf and its self-signed CA, both
# with keys and signatures of the kind that NAME says and that crypto/x509 lacks.
set -eu
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cat >"$tmp/ext" <<X
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:good.example,IP:192.0.2.1
authorityKeyIdentifier = keyid
X

# pair NAME SIGNATURE-OPTIONS -- genpkey options
pair() {
	name=$1
	shift
	sig=
	while [ "$1" != -- ]; do
		sig="$sig $1"
		shift
	done
	shift
	for who in ca leaf; do
		openssl genpkey -out "$tmp/$who.key" "$@" 2>/dev/null
	done
	openssl req -new -key "$tmp/ca.key" $sig -subj "/O=Example/CN=$name CA" -out "$tmp/ca.csr"
	openssl req -new -key "$tmp/leaf.key" $sig -subj "/O=Example/CN=good.example" -out "$tmp/leaf.csr"
	openssl x509 -req -in "$tmp/ca.csr" -signkey "$tmp/ca.key" $sig -days 7300 -set_serial 1 \
		-extfile "$tmp/ext" -extensions ca -out "$tmp/ca.crt" 2>/dev/null
	openssl x509 -req -in "$tmp/leaf.csr" -CA "$tmp/ca.crt" -CAkey "$tmp/ca.key" $sig -days 7300 -set_serial 2 \
		-extfile "$tmp/ext" -extensions leaf -out "$tmp/leaf.crt" 2>/dev/null
	cat "$tmp/leaf.crt" "$tmp/ca.crt" >"$name.pem"
}

ec() {
	name=$1
	shift
	pair "$name" "$@" -- -algorithm EC -pkeyopt "ec_paramgen_curve:$name" -pkeyopt ec_param_enc:named_curve
}

ec brainpoolP256r1 -sha256
ec brainpoolP384r1 -sha384
ec brainpoolP512r1 -sha512
ec brainpoolP256t1 -sha256
ec secp256k1 -sha256
ec secp224r1 -sha224
ec prime192v1 -sha256
ec sect283k1 -sha256
pair explicit -sha256 -- -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit
pair ed448 -- -algorithm ED448
pair ed25519 -- -algorithm ED25519
pair rsa-pss-key -sha256 -- -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048
pair rsa-pss-restricted -sha384 -- -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 \
	-pkeyopt rsa_pss_keygen_md:sha384 -pkeyopt rsa_pss_keygen_mgf1_md:sha384 -pkeyopt rsa_pss_keygen_saltlen:48
pair rsa-pss-signature -sha512 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20 -- -algorithm RSA -pkeyopt rsa_keygen_bits:2048
pair rsa-512-md5 -md5 -- -algorithm RSA -pkeyopt rsa_keygen_bits:512
pair rsa-exponent-3 -sha256 -- -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3
pair rsa-exponent-wide -sha256 -- -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:36893488147419103363
openssl dsaparam -out "$tmp/dsa.pem" 2048 2>/dev/null
pair dsa -sha256 -- -paramfile "$tmp/dsa.pem"
