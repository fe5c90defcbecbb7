package textdiag

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"
)

// schemes whose URLs name a target of TLS.
var schemes = []string{"https", "wss", "smtps", "imaps", "pop3s", "ldaps"}

// leads are the words before a name that is dialled.
var leads = []string{"connection to ", "connecting to ", "connect to ", "connected to ", "host=", "host: ", "host '", "hostname "}

// hostIn is the target that a text names, as HOST or HOST:PORT; "" for none.
func hostIn(low []byte) string {
	low = low[:min(len(low), 64<<10)]
	for at := 0; ; {
		i := bytes.Index(low[at:], []byte("://"))
		if i < 0 {
			break
		}
		at += i + len("://")
		for _, s := range schemes {
			if bytes.HasSuffix(low[:at-len("://")], []byte(s)) {
				if t := targetAt(low[at:], true); t != "" {
					return t
				}
			}
		}
	}
	for _, lead := range leads {
		if i := bytes.Index(low, []byte(lead)); i >= 0 {
			if t := targetAt(low[i+len(lead):], false); t != "" {
				return t
			}
		}
	}
	return ""
}

// targetAt reads a host with or without a port. Outside of a URL a name has to
// have a dot, and one that ends in no word is none.
func targetAt(b []byte, url bool) string {
	b = b[:min(len(b), 300)]
	if len(b) > 0 && (b[0] == '\'' || b[0] == '"') {
		b = b[1:]
	}
	n := 0
	for n < len(b) && (isWord(b[n]) && b[n] != '_' || b[n] == '-' || b[n] == '.') {
		n++
	}
	host := strings.TrimRight(string(b[:n]), ".")
	if len(b) > 0 && b[0] == '[' {
		end := bytes.IndexByte(b, ']')
		if end < 0 {
			return ""
		}
		if a, err := netip.ParseAddr(string(b[1:end])); err != nil || !a.Is6() {
			return ""
		}
		host, n = string(b[:end+1]), end+1
	} else if len(host) > 253 || host == "" || !url && !dialled(host) {
		return ""
	}
	if n >= len(b) || b[n] != ':' {
		return host
	}
	to := n + 1
	for to < len(b) && isDigit(b[to]) {
		to++
	}
	port, err := strconv.ParseUint(string(b[n+1:to]), 10, 16)
	if err != nil || port == 0 || port == 443 {
		return host
	}
	return host + ":" + strconv.FormatUint(port, 10)
}

func dialled(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	return last != host && len(last) >= 2 && !isDigit(last[0])
}
