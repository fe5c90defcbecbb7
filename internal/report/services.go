package report

// service is what a target's scheme stands for.
type service struct {
	scheme string
	port   uint16
	// starttls is the dialogue held before TLS, "" where TLS starts at once.
	starttls string
	// protocol is what is spoken inside TLS.
	protocol string
}

// services are the schemes a target may have, with the ports that IANA
// registers for them. The first of several schemes for one port is the one by
// which a target is shown.
var services = []service{
	{"https", 443, "", "http"},
	{"wss", 443, "", "http"},

	{"smtp", 25, "smtp", "smtp"},
	{"submission", 587, "smtp", "smtp"},
	{"imap", 143, "imap", "imap"},
	{"pop3", 110, "pop3", "pop3"},
	{"ftp", 21, "ftp", "ftp"},
	{"ldap", 389, "ldap", "ldap"},
	{"postgres", 5432, "postgres", "postgres"},
	{"postgresql", 5432, "postgres", "postgres"},
	{"mysql", 3306, "mysql", "mysql"},
	{"mariadb", 3306, "mysql", "mysql"},
	{"xmpp", 5222, "xmpp", "xmpp"},
	{"xmpp-server", 5269, "xmpp-server", "xmpp-server"},
	{"sieve", 4190, "sieve", "sieve"},
	{"nntp", 119, "nntp", "nntp"},
	{"irc", 6667, "irc", "irc"},
	{"rdp", 3389, "rdp", "rdp"},

	{"smtps", 465, "", "smtp"}, // RFC 8314, Section 7.3
	{"submissions", 465, "", "smtp"},
	{"imaps", 993, "", "imap"},
	{"pop3s", 995, "", "pop3"},
	{"ftps", 990, "", "ftp"},
	{"ldaps", 636, "", "ldap"},
	{"xmpps", 5223, "", "xmpp"},
	{"nntps", 563, "", "nntp"},
	{"ircs", 6697, "", "irc"},
	{"telnets", 992, "", "telnet"},
	{"dot", 853, "", "dns"},
	{"sips", 5061, "", "sip"},
	{"mqtts", 8883, "", "mqtt"},
	{"amqps", 5671, "", "amqp"},
	{"rediss", 6379, "", "redis"},

	// Protocols without a name here: TLS, and whatever is inside.
	{"tls", 443, "", ""},
	{"ssl", 443, "", ""},
}

func serviceByScheme(scheme string) (service, bool) {
	for _, s := range services {
		if s.scheme == scheme {
			return s, true
		}
	}
	return service{}, false
}

// implicitService is what a bare host:port most likely speaks inside TLS: an
// HTTP request to a mail server's TLS port would only make noise in its log.
func implicitService(port uint16) service {
	for _, s := range services {
		if s.port == port && s.starttls == "" && s.scheme != "rediss" {
			return s
		}
	}
	return services[0]
}

// StartTLSNames are the dialogues that can be held before TLS, for completion
// and messages. Not all of them need to be spoken by the prober at hand.
func StartTLSNames() []string {
	var names []string
	seen := map[string]bool{"": true}
	for _, s := range services {
		if !seen[s.starttls] {
			seen[s.starttls] = true
			names = append(names, s.starttls)
		}
	}
	return names
}

// Schemes are the schemes that a target may have.
func Schemes() []string {
	names := make([]string, len(services))
	for i, s := range services {
		names[i] = s.scheme
	}
	return names
}
