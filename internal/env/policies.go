package env

import (
	"path"
	"strings"
)

// policies are system-wide settings for several libraries: crypto-policies of
// Fedora and RHEL, and GnuTLS's own file.
func (h *Host) policies() []Policy {
	out := []Policy{}
	if p, ok := h.cryptoPolicy(); ok {
		out = append(out, p)
	}
	if p, ok := h.gnutlsPolicy(); ok {
		out = append(out, p)
	}
	return out
}

// backEnds of crypto-policies whose settings matter to clients.
var backEnds = []string{"opensslcnf", "openssl", "gnutls", "nss", "java"}

func (h *Host) cryptoPolicy() (Policy, bool) {
	const dir = "/etc/crypto-policies"
	p := Policy{ID: "crypto-policies", Path: path.Join(dir, "config"), Settings: []Setting{}}
	for _, f := range []string{"state/current", "config"} {
		b, err := h.read(path.Join(dir, f))
		if err != nil {
			continue
		}
		for row := range strings.Lines(string(b)) {
			if row = strings.TrimSpace(row); row != "" && row[0] != '#' && p.Name == "" {
				p.Name, p.Path = row, path.Join(dir, f)
			}
		}
		if p.Name != "" {
			break
		}
	}
	if p.Name == "" {
		return p, false
	}
	for _, name := range backEnds {
		file := path.Join(dir, "back-ends", name+".config")
		b, err := h.read(file)
		if err != nil {
			continue
		}
		text := strings.TrimSpace(string(b))
		if !strings.Contains(text, "\n") {
			p.Settings = append(p.Settings, Setting{Name: name, Value: text, File: file, Line: 1})
			continue
		}
		n := 0
		for row := range strings.SplitSeq(text, "\n") {
			n++
			key, value, ok := strings.Cut(row, "=")
			if key = strings.TrimSpace(key); !ok || key == "" || key[0] == '#' || len(p.Settings) > 200 {
				continue
			}
			p.Settings = append(p.Settings, Setting{Name: name + " " + key, Value: strings.TrimSpace(value), File: file, Line: n})
		}
	}
	return p, true
}

// gnutlsPolicy reads the system-wide file of GnuTLS: [overrides] and
// [priorities].
func (h *Host) gnutlsPolicy() (Policy, bool) {
	file := h.getenv("GNUTLS_SYSTEM_PRIORITY_FILE")
	if file == "" {
		for _, f := range []string{"/etc/gnutls/config", "/etc/gnutls/default-priorities", "/etc/crypto-policies/back-ends/gnutls.config"} {
			if h.exists(f) {
				file = f
				break
			}
		}
	}
	if file == "" {
		return Policy{}, false
	}
	b, err := h.read(file)
	if err != nil {
		return Policy{}, false
	}
	p := Policy{ID: "gnutls", Name: "GnuTLS's system-wide settings", Path: file, Settings: []Setting{}}
	n, section := 0, ""
	for row := range strings.SplitSeq(string(b), "\n") {
		n++
		row = strings.TrimSpace(row)
		switch {
		case row == "" || row[0] == '#' || row[0] == ';':
		case row[0] == '[':
			section = strings.Trim(row, "[]") + " "
		default:
			key, value, ok := strings.Cut(row, "=")
			if ok && len(p.Settings) < 200 {
				p.Settings = append(p.Settings, Setting{Name: section + strings.TrimSpace(key), Value: strings.TrimSpace(value), File: file, Line: n})
			}
		}
	}
	return p, true
}
