package lab

import "crypto/tls"

const (
	rc4SHA  = tls.TLS_RSA_WITH_RC4_128_SHA
	des3SHA = tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA
	old     = "-cipher ALL@SECLEVEL=0"
	tooOld  = "unsupported protocol"
)

// Each of these fails for what current clients have in common, and works once
// the thing in question is added.
var negotiationClaims = map[string][]claim{
	"tls10-only":       {openssl("-tls1_2", tooOld), openssl("-tls1 "+old, verified)},
	"tls11-only":       {openssl("-tls1_2", tooOld), openssl("-tls1_1 "+old, verified)},
	"ssl3-only":        {openssl("-tls1 "+old, tooOld), check(javaSpeaks("SSLv3", "SSL_RSA_WITH_RC4_128_MD5"))},
	"ssl2-only":        {openssl("-tls1_2", alert70), check(answersSSL2)},
	"export-only":      {openssl("-tls1_2", alert40), check(javaSpeaks("TLSv1", "SSL_RSA_EXPORT_WITH_RC4_40_MD5"))},
	"tls10-rc4":        {openssl("-tls1_2", alert40), check(suiteWorks(rc4SHA))},
	"tls10-expired":    {openssl("-tls1_2", tooOld), openssl("-tls1 "+old, "certificate has expired")},
	"rc4-only":         {openssl("-tls1_2", alert40), check(suiteWorks(rc4SHA))},
	"3des-only":        {openssl("-tls1_2", alert40), check(suiteWorks(des3SHA))},
	"null-only":        {openssl("-tls1_2", alert40), openssl("-tls1_2 -cipher NULL-SHA256:@SECLEVEL=0", verified)},
	"anonymous-only":   {openssl("-tls1_2", alert40), openssl("-tls1_2 -cipher aNULL@SECLEVEL=0", "Cipher is A")},
	"psk-only":         {openssl("-tls1_2", alert40), openssl("-tls1_2 -cipher PSK -psk 636f727265637420686f727365206261747465727920737461706c65", "Cipher is PSK")},
	"camellia-only":    {openssl("-tls1_2", alert40), openssl("-tls1_2 -cipher CAMELLIA", "Cipher    : ")},
	"aria-only":        {openssl("-tls1_2", alert40), openssl("-tls1_2 -cipher ARIA", "SSL alert number 80")},
	"ccm8-only":        {openssl("-tls1_2", alert40), openssl("-tls1_2 -cipher AESCCM8@SECLEVEL=0", verified)},
	"ccm-tls13":        {openssl("", alert40), openssl("-ciphersuites TLS_AES_128_CCM_SHA256", verified)},
	"dhe-only":         {openssl("-cipher ECDHE -tls1_2", alert40), openssl("-tls1_2 -cipher DHE", verified)},
	"rsa-key-exchange": {openssl("-cipher ECDHE -tls1_2", alert40), openssl("-tls1_2 -cipher RSA", verified)},
	"wrong-key-type":   {openssl("-tls1_2", alert40), openssl("-tls1_2 "+old, alert40)},
	"rc4-wrong-host":   {openssl("-tls1_2", alert40), check(goSaysWith(rc4SHA, "is valid for www.tlswhy.test"))},

	"alpn":       {openssl("-alpn h2,http/1.1", "SSL alert number 120"), openssl("-alpn acme-tls/1", verified)},
	"alpn-tls12": {openssl("-alpn h2,http/1.1", "SSL alert number 120"), openssl("-alpn mqtt", verified)},

	"internal-error":     {openssl("", "SSL alert number 80"), openssl("-tls1_2", "SSL alert number 80")},
	"key-mismatch":       {openssl("", "bad signature"), gnutls("verification has failed")},
	"key-mismatch-tls12": {openssl("", "bad signature")},

	"p521-only":      {openssl(modern, alert40), openssl("", verified)},
	"x448-only":      {openssl(modern, alert40), openssl("-groups X448", verified)},
	"ffdhe8192-only": {openssl(modern, alert40), openssl("-groups ffdhe8192", verified)},
	"brainpool-only": {openssl(modern, alert40), openssl("-groups brainpoolP256r1", verified)},
	"sect571r1-only": {openssl(modern, alert40), openssl("-groups sect571r1", verified)},
	"hybrid-only":    {openssl("", alert40), check(usesHybrid)},

	"ed25519":        {openssl("-sigalgs ECDSA+SHA256:RSA-PSS+SHA256", alert40), openssl("", verified)},
	"ed448":          {openssl("-sigalgs ECDSA+SHA256:RSA-PSS+SHA256", alert40), openssl("", verified)},
	"p521-key":       {openssl("-sigalgs ECDSA+SHA256:RSA-PSS+SHA256", alert40), openssl("", verified)},
	"brainpool-key":  {openssl("-tls1_3", alert40), check(speaksScheme)},
	"sha1-handshake": {openssl("", alert40), openssl("-sigalgs RSA+SHA1:ECDSA+SHA256 "+old, verified)},

	"weak-dh-512":  {openssl("", "dh key too small"), check(javaSpeaks("TLSv1.2", "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"))},
	"weak-dh-768":  {openssl("", "dh key too small"), check(javaSpeaks("TLSv1.2", "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"))},
	"weak-dh-1024": {openssl("", "dh key too small"), openssl(old, verified)},

	"legacy-renegotiation":     {openssl("", "unsafe legacy renegotiation disabled"), openssl("-legacy_server_connect", verified)},
	"legacy-renegotiation-rsa": {openssl("", "unsafe legacy renegotiation disabled"), openssl("-legacy_server_connect", verified)},
}

// handshakeClaims are about names and client certificates, and what comes after.
var handshakeClaims = map[string][]claim{
	"sni-required":         {openssl("-noservername", "SSL alert number 112"), openssl("", verified)},
	"sni-required-close":   {openssl("-noservername", hungUp), openssl("", verified)},
	"sni-required-default": {openssl("-noservername", "hostname mismatch"), openssl("", verified)},
	"unrecognized-name":    {curl("", "unrecognized name"), check(otherNameWorks)},
	"wrong-certificate":    {curl("", "no alternative certificate subject name"), check(servesOtherNames)},

	"mtls-tls12":          {curl("", "alert handshake failure"), check(goodClientCertWorks)},
	"mtls-tls13":          {curl("", "alert certificate required"), check(goodClientCertWorks)},
	"mtls-alert42":        {curl("", "alert bad certificate"), check(goodClientCertWorks)},
	"mtls-http":           {curl("", "400 HTTP/1.1"), check(goodClientCertWorks)},
	"mtls-path-tls12":     {curl("", "handshake failure"), openssl("", verified), check(curlWithGoodCert)},
	"mtls-path-tls13":     {openssl("", "HTTP/1.1 403"), check(curlWithGoodCert)},
	"mtls-rejected-tls12": {check(sendsClientCert("unknown certificate authority")), check(goodClientCertWorks)},
	"mtls-rejected-tls13": {check(sendsClientCert("unknown certificate authority")), check(goodClientCertWorks)},
	"mtls-expired":        {check(sendsClientCert("expired certificate")), check(goodClientCertWorks)},
	"mtls-wrong-eku":      {check(sendsClientCert("bad certificate")), check(goodClientCertWorks)},
	"mtls-rejected-http":  {curl("", "400 HTTP/1.1"), check(goodClientCertWorks)},

	"http2-weak-suite":     {check(goAway), curl("--http1.1", works)},
	"http2-weak-suite-lax": {curl("--http2", "200 HTTP/2"), openssl("-alpn h2", "ECDHE-RSA-AES128-SHA")},
	"unclean-close":        {openssl("", hungUp)},
}
