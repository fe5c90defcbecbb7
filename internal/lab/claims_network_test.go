package lab

import "github.com/tlswhy/tlswhy/internal/wire"

var interferenceClaims = map[string][]claim{
	"reset":    {curl("", resetSaid), check(acceptsFirst)},
	"silent":   {curl("-m 1", timedOut)},
	"closed":   {openssl("", hungUp)},
	"slow":     {check(takesAtLeast(running)), curl("", works)},
	"dripping": {check(drips)},

	"sni-reset": {curl("", resetSaid), check(otherNameWorks)},
	"sni-drop":  {curl("-m 1", timedOut), check(otherNameWorks)},
	"sni-close": {openssl("", hungUp), check(otherNameWorks)},
	"sni-split": {curl("", resetSaid), check(splitPasses)},

	"large-hello-drop":  {openssl("", verified), check(sends(large, "silence")), check(sends(nil, "ServerHello"))},
	"large-hello-reset": {openssl("", verified), check(sends(large, "reset")), check(sends(nil, "ServerHello"))},

	"large-hello-segments": {openssl("", verified), check(sends(large, "silence")), check(sends(nil, "ServerHello")), check(twoSegmentsFail)},

	"tls13-reset":          {curl("", resetSaid), curl("--tls-max 1.2", works)},
	"tls13-close":          {openssl("", hungUp), curl("--tls-max 1.2", works)},
	"tls13-alert":          {openssl("", alert40), curl("--tls-max 1.2", works)},
	"extension-intolerant": {openssl("", hungUp), openssl("-tls1_2", hungUp), check(sends(onlyOldExtensions, "ServerHello"))},
	"grease-intolerant":    {curl("", works), check(sends(withGREASE, "reset"))},

	"flight-dropped":   {curl("-m 1", timedOut), check(receives(segment))},
	"garbage":          {openssl("", "error"), check(sends(nil, "no TLS"))},
	"zeros":            {openssl("", noRecord), check(sends(nil, "no TLS"))},
	"http-injected":    {openssl("", noRecord), check(sends(nil, "no TLS"))},
	"bad-server-hello": {openssl("", "length mismatch")},
	"bad-mac":          {openssl("", "bad record mac"), openssl("-tls1_2", "bad record mac")},
	"truncated":        {openssl("", hungUp), check(receives(60))},

	"http":          {openssl("", noRecord), check(plain("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200"))},
	"ssh":           {openssl("", noRecord), check(plain("", "SSH-2.0-"))},
	"line-protocol": {openssl("", noRecord), check(plain("PING\r\n", "-ERR"))},

	"smtp-direct":  {openssl("", noRecord), check(plain("", "220 "))},
	"imap-direct":  {openssl("", noRecord), check(plain("", "* OK"))},
	"pop3-direct":  {openssl("", noRecord), check(plain("", "+OK"))},
	"mysql-direct": {openssl("", noRecord), check(plain("", "mysql_native_password"))},
	"ftp-direct":   {openssl("", noRecord), check(plain("", "220 "))},

	"smtp-no-starttls":  {mailClient("Didn't find STARTTLS in server response"), check(plain("EHLO a\r\n", "250 8BITMIME"))},
	"imap-no-starttls":  {mailClient("Didn't find STARTTLS in server response")},
	"pop3-no-starttls":  {check(plain("STLS\r\n", "-ERR"))},
	"smtp-refused":      {check(plain("STARTTLS\r\n", "454"))},
	"imap-refused":      {check(plain("a STARTTLS\r\n", "a NO"))},
	"pop3-refused":      {check(plain("STLS\r\n", "-ERR"))},
	"smtp-stripped":     {check(plain("EHLO a\r\n", "250-XXXXXXXX"))},
	"smtp-no-tls-after": {mailClient(noRecord)},
}

var connectClaims = map[string][]claim{
	"no-such-name":       {check(lookup("no such host"))},
	"dns-servfail":       {check(lookup("server misbehaving"))},
	"dns-empty":          {check(lookup("no such host"))},
	"refused":            {curl("", "Couldn't connect"), check(dialSays("refused"))},
	"timeout":            {check(dialSays("timeout"))},
	"unreachable":        {check(dialSays("unreachable"))},
	"tcp-reset":          {check(resetAtOnce)},
	"rate-limited":       {check(passesLater)},
	"rate-limited-rc4":   {openssl("", alert40), check(suiteWorks(rc4SHA)), check(thirdIsReset)},
	"banned-rc4":         {check(suiteWorks(rc4SHA)), check(bansAfter(12))},
	"flaky":              {check(alternates("reset", "ok", "reset", "ok"))},
	"flaky-certificate":  {check(alternates("expired", "ok", "expired", "ok"))},
	"two-addresses":      {check(resolves("ok", "expired"))},
	"two-addresses-down": {check(resolves("ok", "refused"))},
	"proxy-forbidden":    {curl("", "response 403")},
	"proxy-auth":         {curl("", "response 407")},
	"proxy-bad-gateway":  {curl("", "response 502")},
	"proxy-garbage":      {curl("", "CONNECT aborted")},
}

// onlyOldExtensions makes a hello of 2010.
func onlyOldExtensions(h *wire.ClientHello) {
	h.Remove(wire.ExtSupportedVersions)
	h.Remove(wire.ExtKeyShare)
	h.Remove(wire.ExtExtendedMasterSecret)
}

func withGREASE(h *wire.ClientHello) {
	h.CipherSuites = append([]wire.CipherSuite{0x1a1a}, h.CipherSuites...)
}

func large(h *wire.ClientHello) { h.PadTo(1500) }
