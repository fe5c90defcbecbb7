package env

import (
	"context"
	"path"
	"strconv"
	"strings"

	"github.com/tlswhy/tlswhy/internal/wire"
)

var javaProperty = pattern(`(?m)^\s+(java\.home|java\.version|java\.vendor|javax\.net\.ssl\.[A-Za-z]+|jdk\.tls\.client\.[A-Za-z]+|https\.protocols|java\.security\.properties) = (.*)$`)

// java looks at the Java machine that PATH leads to.
func (h *Host) java(ctx context.Context, d *Document) {
	bin := ""
	if home := h.getenv("JAVA_HOME"); home != "" && h.exists(path.Join(home, "bin/java")) {
		bin = path.Join(home, "bin/java")
	}
	onPath := h.lookPath("java")
	if onPath != "" {
		bin = onPath
	}
	if bin == "" {
		return
	}
	s := newStack("java", "Java", bin)
	out, stderr, err := h.ask(ctx, bin, "-XshowSettings:properties", "-version")
	properties := map[string]string{}
	for _, m := range javaProperty().FindAllStringSubmatch(out+stderr, -1) {
		properties[m[1]] = strings.TrimSpace(m[2])
	}
	home := properties["java.home"]
	if home == "" {
		s.Problems = append(s.Problems, whyNot("it does not say where it lives", err, stderr))
		d.Stacks = append(d.Stacks, s)
		return
	}
	s.Version = properties["java.version"]
	s.Library = "JSSE " + s.Version
	for _, name := range sortedKeys(properties) {
		if !strings.HasPrefix(name, "java.") || name == "java.security.properties" {
			s.Settings = append(s.Settings, Setting{Name: "-D" + name, Value: hidden(name, properties[name])})
		}
	}
	h.javaSecurity(&s, home, properties)
	s.Store = h.javaKeystore(d, home, properties)
	d.Stacks = append(d.Stacks, s)
}

// hidden: a keystore's password is nobody else's matter.
func hidden(name, value string) string {
	if strings.Contains(strings.ToLower(name), "password") {
		return "…"
	}
	return value
}

// javaSecurity reads java.security, what lies above it, and what they forbid.
func (h *Host) javaSecurity(s *Stack, home string, properties map[string]string) {
	var all []Setting
	add := func(file string) bool {
		b, err := h.read(file)
		if err == nil {
			all = append(all, parseProperties(string(b), file)...)
		}
		return err == nil
	}
	if !add(path.Join(home, "conf/security/java.security")) { // since 9
		add(path.Join(home, "lib/security/java.security"))
	}
	// crypto-policies of Fedora and RHEL, unless it is switched off.
	if use, ok := lastProperty(all, "security.useSystemPropertiesFile"); ok && use.Value == "true" {
		add("/etc/crypto-policies/back-ends/java.config")
	}
	if more := strings.TrimPrefix(properties["java.security.properties"], "="); more != "" {
		if !add(more) {
			s.Problems = append(s.Problems, "-Djava.security.properties names "+more+", which cannot be read")
		}
	}
	for _, name := range []string{"jdk.tls.disabledAlgorithms", "jdk.certpath.disabledAlgorithms", "jdk.tls.legacyAlgorithms", "jdk.security.caDistrustPolicies", "jdk.tls.namedGroups"} {
		if p, ok := lastProperty(all, name); ok && p.Value != "" {
			s.Settings = append(s.Settings, p)
		}
	}
	p, ok := lastProperty(all, "jdk.tls.disabledAlgorithms")
	if !ok {
		return
	}
	forbidden := readDisabled(p.Value)
	offered := javaOffers(s.Version, properties)
	for _, v := range offered {
		if forbidden.version(v) {
			continue
		}
		if s.MinVersion == 0 || v < s.MinVersion {
			s.MinVersion = v
		}
		s.MaxVersion = max(s.MaxVersion, v)
	}
}

// javaOffers are the versions that a client of that Java offers unless they are
// disabled. SSL 3.0 is left out: 8u31 and later disable it.
func javaOffers(version string, properties map[string]string) []wire.Version {
	for _, name := range []string{"jdk.tls.client.protocols", "https.protocols"} {
		if list := properties[name]; list != "" {
			var out []wire.Version
			for word := range strings.SplitSeq(list, ",") {
				if v, ok := wire.ParseVersion(strings.TrimSpace(word)); ok {
					out = append(out, v)
				}
			}
			return out
		}
	}
	major, update := javaVersion(version)
	out := []wire.Version{wire.VersionTLS10}
	if major >= 8 {
		out = append(out, wire.VersionTLS11, wire.VersionTLS12)
	}
	if major >= 11 || major == 8 && update >= 341 { // JDK-8245263
		out = append(out, wire.VersionTLS13)
	}
	return out
}

// javaVersion reads 1.8.0_412 and 17.0.21.1.
func javaVersion(s string) (major, update int) {
	s, after, _ := strings.Cut(s, "_")
	parts := strings.Split(s, ".")
	major, _ = strconv.Atoi(leadingDigits(parts[0]))
	if major == 1 && len(parts) > 1 {
		major = number(parts[1])
		update, _ = strconv.Atoi(leadingDigits(after))
	}
	return major, update
}

func leadingDigits(s string) string {
	n := 0
	for n < len(s) && n < 9 && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return s[:n]
}

// javaKeystore is the first of those that JSSE looks for.
func (h *Host) javaKeystore(d *Document, home string, properties map[string]string) string {
	if file := properties["javax.net.ssl.trustStore"]; file != "" {
		return h.javaStore(d, file).ID
	}
	for _, file := range []string{"lib/security/jssecacerts", "lib/security/cacerts"} {
		if file = path.Join(home, file); h.exists(file) {
			return h.javaStore(d, file).ID
		}
	}
	return ""
}
