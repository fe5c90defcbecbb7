package env

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tlswhy/tlswhy/internal/client"
)

// families are the ids of profiles that may stand for a stack, most exact first.
// %s is the library's family in small letters.
var families = map[string][]string{
	"openssl":         {"openssl-"},
	"curl":            {"curl-%s", "curl-%s-", "%s-"},
	"wget":            {"wget-%s", "%s-"},
	"python":          {"python-"},
	"python-requests": {"python-requests", "python-requests-", "python-"},
	"node":            {"node-"},
	"java":            {"java-"},
	"go":              {"go-"},
	"git":             {"git-%s", "curl-%s", "%s-"},
	"gnutls":          {"gnutls-cli", "gnutls-"},
	"php":             {"php-", "php-streams", "%s-"},
	"ruby":            {"ruby-"},
	"perl":            {"perl-lwp", "perl-", "%s-"},
	"dotnet":          {"dotnet-", "openssl-"},
	"psql":            {"psql", "%s-"},
	"mysql":           {"mysql", "%s-"},
}

var versioned = pattern(`^[0-9][0-9.]*[a-z]?(-debian|-fedora|-rhel)?$`)

// nearestProfile is the client whose hello is most like that of a stack: the
// same fingerprint where one is known, else the same family and the nearest
// version that is not newer.
func nearestProfile(s *Stack) (id, nearness string) {
	candidates := candidatesFor(s)
	if len(candidates) == 0 {
		return "", ""
	}
	version := s.Version
	switch {
	case candidates[0].library:
		version = versionOf(s.Library)
	case s.ID == "java":
		version = javaNumber(version)
	}
	same := slices.Clone(candidates)
	if s.JA4 != "" {
		same = slices.DeleteFunc(same, func(c candidate) bool {
			p, err := client.Get(c.id)
			return err != nil || client.JA4(p.Hello) != s.JA4
		})
		if len(same) > 0 {
			candidates = same
		}
	}
	best := candidates[0]
	for _, c := range candidates {
		if nearer(c.version, best.version, version) {
			best = c
		}
	}
	switch {
	case s.JA4 != "" && len(same) > 0:
		return best.id, "with the same fingerprint"
	case best.version == version || version == "":
		return best.id, "of the same version"
	case best.library:
		return best.id, "by its library, " + s.Library
	}
	return best.id, "recorded from " + best.version + ", here is " + version
}

type candidate struct {
	id, version string
	library     bool // it stands for the library, not for the program
}

func candidatesFor(s *Stack) []candidate {
	lib := strings.ToLower(strings.Fields(s.Library + " -")[0])
	ids := client.IDs()
	for _, pattern := range families[s.ID] {
		byLibrary := pattern == "%s-"
		pattern = strings.ReplaceAll(pattern, "%s", lib)
		var out []candidate
		for _, id := range ids {
			after, ok := strings.CutPrefix(id, pattern)
			if !ok || after != "" && !(strings.HasSuffix(pattern, "-") && versioned().MatchString(after)) {
				continue
			}
			v := strings.TrimRight(after, "-abcdefghijklmnopqrstuvwxyz")
			if p, err := client.Get(id); err == nil && p.Version != "" {
				if v = versionOf(p.Version); strings.HasPrefix(id, "java-") {
					v = versionOf(javaNumber(p.Version))
				}
			}
			out = append(out, candidate{id, v, byLibrary})
		}
		if len(out) > 0 {
			slices.SortFunc(out, func(a, b candidate) int { return strings.Compare(a.id, b.id) })
			return out
		}
	}
	return nil
}

// javaNumber writes 1.8.0_412 and 8u412 as 8.0.412.
func javaNumber(s string) string {
	major, update := javaVersion(s)
	if major >= 9 || major == 0 {
		return s
	}
	if _, u, ok := strings.Cut(s, "u"); ok && update == 0 {
		update = number(leadingDigits(u))
	}
	return fmt.Sprintf("%d.0.%d", major, update)
}

var versionNumber = pattern(`[0-9]+(?:\.[0-9]+)*[a-z]?`)

func versionOf(s string) string { return versionNumber().FindString(s) }

// nearer: among those that are not newer the newest, else the oldest.
func nearer(a, b, want string) bool {
	aNewer, bNewer := versionLess(want, a), versionLess(want, b)
	switch {
	case aNewer != bNewer:
		return !aNewer || sameMajorMinor(a, want) && !sameMajorMinor(b, want)
	case aNewer:
		return versionLess(a, b)
	}
	return versionLess(b, a)
}

func sameMajorMinor(a, b string) bool {
	x, y := strings.SplitN(a+"..", ".", 3), strings.SplitN(b+"..", ".", 3)
	return x[0] == y[0] && x[1] == y[1]
}
