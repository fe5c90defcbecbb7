#!/usr/bin/env bash
# pki.sh DIR NAME: a root, an intermediate, and leaves for NAME (RSA-2048,
# Ed25519, ECDSA P-256) with their chains. New at every run: nothing here is worth keeping.
set -euo pipefail
dir=$1 name=$2
mkdir -p "$dir"
cd "$dir"

openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 30 \
  -subj "/O=Benchmark/CN=Benchmark Root" \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null

openssl req -newkey rsa:2048 -nodes -keyout intermediate.key -out intermediate.csr \
  -subj "/O=Benchmark/CN=Benchmark Intermediate" 2>/dev/null
openssl x509 -req -in intermediate.csr -CA root.pem -CAkey root.key -CAcreateserial -days 20 -out intermediate.pem \
  -extfile <(printf 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid') 2>/dev/null

leaf() { # FILE ALGORITHM
  openssl req -newkey "$2" -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$name" 2>/dev/null
  openssl x509 -req -in "$1.csr" -CA intermediate.pem -CAkey intermediate.key -CAcreateserial -days 10 -out "$1.pem" \
    -extfile <(printf 'subjectAltName=DNS:%s\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature%s\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid' \
      "$name" "$([ "$1" = rsa ] && echo ,keyEncipherment)") 2>/dev/null
  cat "$1.pem" intermediate.pem > "$1.chain.pem"
}
leaf rsa rsa:2048
leaf ed25519 ed25519
openssl ecparam -name prime256v1 -out p256.par
leaf p256 ec:p256.par
openssl pkcs12 -export -in rsa.pem -certfile intermediate.pem -inkey rsa.key -out rsa.p12 -passout pass:changeit # for Java
