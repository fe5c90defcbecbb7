package main

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const iana = "../iana"

// TestUpToDate fails when a registry was edited without go generate.
func TestUpToDate(t *testing.T) {
	files, err := generate(iana)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is stale: run go generate ./internal/wire", name)
		}
	}
	have, _ := filepath.Glob("../zz_*.go")
	if len(have) != len(files) {
		t.Errorf("%d zz_ files, %d are generated", len(have), len(files))
	}
}

// TestRegistriesAreTidy holds the files to the form that keeps diffs small:
// ascending values, each once (but for OpenSSL's aliases), in one spelling.
func TestRegistriesAreTidy(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(iana, "*.csv"))
	if len(files) < 30 {
		t.Fatalf("%d registries", len(files))
	}
	known := map[string]bool{"openssl-cipher-names": true, "http2-prohibited-cipher-suites": true, "tls-alpn-protocol-ids": true}
	for _, r := range registries {
		known[r.file] = true
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".csv")
		if !known[strings.TrimSuffix(name, "-extra")] {
			t.Errorf("%s is read by nobody", name)
		}
		rows, err := readCSV(iana, name)
		if err != nil {
			t.Error(err)
			continue
		}
		last := ""
		for _, row := range rows {
			for _, cell := range row {
				if cell != strings.TrimSpace(cell) || strings.ContainsAny(cell, "\"\\\n") {
					t.Errorf("%s: %q needs escaping", name, cell)
				}
			}
			key := row[0]
			if v, err := strconv.ParseUint(row[0], 0, 32); err == nil {
				key = strconv.FormatUint(1<<32|v, 10)
			} else if !strings.HasPrefix(name, "tls-alpn") {
				t.Errorf("%s: value %q", name, row[0])
			}
			if key < last || key == last && name != "openssl-cipher-names" {
				t.Errorf("%s: %s is out of order", name, row[0])
			}
			last = key
		}
	}
}

// TestRegistrySizes holds the counts of the registries of 29 September 2026.
func TestRegistrySizes(t *testing.T) {
	for file, want := range map[string]int{
		"tls-cipher-suites": 356, "tls-supported-groups": 59, "tls-signature-schemes": 49, "tls-extension-types": 64,
		"tls-alpn-protocol-ids": 42, "http2-prohibited-cipher-suites": 276,
	} {
		rows, err := readCSV(iana, file)
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) != want {
			t.Errorf("%s: %d rows, want %d", file, len(rows), want)
		}
	}
}

func TestIdentifier(t *testing.T) {
	for name, want := range map[string]string{
		"ecdsa_secp256r1_sha256":                 "ECDSASecp256r1SHA256",
		"rsa_pss_rsae_sha256":                    "RSAPSSRSAESHA256",
		"rsa_pkcs1_sha256_legacy":                "RSAPKCS1SHA256Legacy",
		"ecdsa_brainpoolP256r1tls13_sha256":      "ECDSABrainpoolP256r1TLS13SHA256",
		"slhdsa_sha2_128s":                       "SLHDSASHA2_128s",
		"gostr34102012_256a":                     "GOSTR34102012_256a",
		"ed25519":                                "Ed25519",
		"brainpoolP256r1":                        "BrainpoolP256r1",
		"X25519MLKEM768":                         "X25519MLKEM768",
		"ffdhe2048":                              "FFDHE2048",
		"application_layer_protocol_negotiation": "ALPN",
		"encrypt_then_mac":                       "EncryptThenMAC",
		"psk_key_exchange_modes":                 "PSKKeyExchangeModes",
		"DHKEM(P-256, HKDF-SHA256)":              "DHKEMP256HKDFSHA256",
		"unknown_ca":                             "UnknownCA",
		"status_request_v2":                      "StatusRequestV2",
	} {
		if got := identifier(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// TestBrokenRegistries changes one registry each and expects to be told.
func TestBrokenRegistries(t *testing.T) {
	for _, tt := range []struct{ name, file, row, want string }{
		{"value twice", "tls-cipher-suites-extra", "0xC02F,TLS_RSA_WITH_NULL_SHA999,x", "twice"},
		{"name twice", "tls-supported-groups-extra", "0xFE99,X25519,x", "twice"},
		{"no number", "tls-alerts-extra", "eleven,x,x", "value"},
		{"key exchange that nobody knows", "tls-cipher-suites-extra", "0xFFF0,TLS_MAGIC_WITH_AES_128_CBC_SHA,x", "unknown key exchange"},
		{"cipher that nobody knows", "tls-cipher-suites-extra", "0xFFF0,TLS_RSA_WITH_ROT13_SHA,x", "unknown cipher"},
		{"hash that nobody knows", "tls-cipher-suites-extra", "0xFFF0,TLS_RSA_WITH_AES_128_CBC_CRC32,x", "unknown end"},
		{"stream without MAC", "tls-cipher-suites-extra", "0xFFF0,TLS_RSA_WITH_RC4_128,x", "no MAC"},
		{"two constants of one name", "tls-alerts-extra", "200,unknown-ca,x", "two constants"},
		{"ALPN id twice", "tls-alpn-protocol-ids-extra", "h2,again,x", "twice"},
		{"OpenSSL name twice", "openssl-cipher-names", "0xFFFF,AES128-SHA,primary,x", "out of place"},
		{"columns", "tls-alerts", "1,2", "reading tls-alerts"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(iana)); err != nil {
				t.Fatal(err)
			}
			f, err := os.OpenFile(filepath.Join(dir, tt.file+".csv"), os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.WriteString(tt.row + "\n"); err != nil {
				t.Fatal(err)
			}
			f.Close()
			if _, err := generate(dir); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

// TestHTTP2List checks the list of RFC 9113 against its own rule: of the suites
// registered in 2015, those without ephemeral keys and an AEAD.
func TestHTTP2List(t *testing.T) {
	prohibited, err := loadValues(iana, "http2-prohibited-cipher-suites")
	if err != nil {
		t.Fatal(err)
	}
	r := registries[0]
	if err := r.load(iana); err != nil {
		t.Fatal(err)
	}
	rows, err := suiteRows(r.entries, nil, prohibited)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if !row.registered || row.value > 0xc0af || row.min == "VersionTLS13" || row.name == "TLS_FALLBACK_SCSV" {
			if prohibited[row.value] {
				t.Errorf("%s is listed", row.name)
			}
			continue
		}
		anonymous := row.auth == "AuthAnon" || row.auth == "AuthNone"
		good := slices.Contains(row.flags, "flagAEAD") && slices.Contains(row.flags, "flagForwardSecret") && !anonymous
		if prohibited[row.value] == good {
			t.Errorf("%s: listed %t", row.name, prohibited[row.value])
		}
	}
}

// TestOpenSSLNames: the names are unique in any case, so parsing is sure.
func TestOpenSSLNames(t *testing.T) {
	f, err := os.Open(filepath.Join(iana, "openssl-cipher-names.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, row := range rows[1:] {
		if k := strings.ToLower(row[1]); seen[k] != "" {
			t.Errorf("%s: %s and %s", row[1], seen[k], row[0])
		} else {
			seen[k] = row[0]
		}
	}
}
