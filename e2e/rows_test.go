//go:build linux

package e2e

import (
	"slices"
	"strings"
	"testing"
)

// row is one endpoint and what has to be said about it.
type row struct {
	name   string // server software first
	server string // key of servers; the part of name before the slash if empty
	spec   spec
	target string   // default shop.example; a scheme and a path may stand around it
	args   []string // further arguments of tlswhy, with placeholders
	as     string   // --as; default modern
	view   []view   // what foreign clients see
	want   want

	run       func(*env, *row) // further steps before the check: another process, a rule
	noRoots   bool             // do not pass --ca-file
	noConnect bool             // let it resolve the name
	serial    bool             // not beside others: it measures time or opens many connections
}

// want is what tlswhy has to say. The zero value is a healthy endpoint: no blocking finding, exit 0.
type want struct {
	cause      string
	or         []string // ids that name the same thing from another side and are as right here
	step       string
	side       string
	confidence string // at least; default "proved"
	proof      string // kind of the proof, where confidence is proved
	warning    string // a finding that has to be there and must not block
	either     string // a cause that has to be named as the next wall, in either, detail or a further finding
	unknown    bool   // that it cannot tell is right as well, if it says why
	rival      string // a cause that has to stand among the alternatives
}

func blocked(cause, step, side, proof string) want {
	return want{cause: cause, step: step, side: side, proof: proof}
}

func (w want) likely() want {
	w.confidence, w.proof = "likely", ""
	return w
}

func (w want) possible() want {
	w.confidence, w.proof = "possible", ""
	return w
}

func (w want) orElse(ids ...string) want {
	w.or = append(w.or, ids...)
	return w
}

func (w want) with(change func(*want)) want {
	change(&w)
	return w
}

func noVersion() want { return blocked("no-shared-version", "version", "server", "handshake") }
func noCipher() want  { return blocked("no-shared-cipher", "cipher", "server", "handshake") }
func noGroup() want   { return blocked("no-shared-group", "cipher", "server", "handshake") }
func noSigAlg() want {
	return blocked("no-shared-signature-algorithm", "cipher", "server", "handshake")
}

func noALPN() want                   { return blocked("no-alpn-overlap", "cipher", "server", "handshake") }
func badCert(cause string) want      { return blocked(cause, "verify", "server", "verify") }
func observed(c, st, si string) want { return blocked(c, st, si, "observation") }

// allRows is every row of every table.
func allRows() []row {
	rows := slices.Concat(healthyRows, versionRows, suiteRows, groupRows, signatureRows, keyRows, nameRows, clientCertRows,
		certificateRows, plainRows, networkRows, proxyRows)
	for i := range rows {
		rows[i].fill()
	}
	return rows
}

// fill sets the defaults.
func (r *row) fill() {
	if r.server == "" {
		r.server, _, _ = strings.Cut(r.name, "/")
	}
	if r.target == "" {
		r.target = "shop.example"
	}
}

// host is the name in the target, without scheme and path.
func (r *row) host() string {
	h := r.target
	if _, rest, ok := strings.Cut(h, "://"); ok {
		h = rest
	}
	h, _, _ = strings.Cut(h, "/")
	return h
}

func (r *row) path() string {
	_, rest, ok := strings.Cut(r.target, "://")
	if !ok {
		return "/"
	}
	if _, p, ok := strings.Cut(rest, "/"); ok {
		return "/" + p
	}
	return "/"
}

// up starts the row's endpoint.
func (r *row) up(t testing.TB) *env {
	t.Helper()
	e := start(t, r.server, r.spec)
	if r.run != nil {
		r.run(e, r)
	}
	return e
}

func TestRowsAreDistinctAndForeign(t *testing.T) {
	seen := map[string]bool{}
	shown := map[string]bool{}
	for _, r := range allRows() {
		if seen[r.name] {
			t.Errorf("two rows named %s", r.name)
		}
		seen[r.name] = true
		server := r.server
		if (server == "kernel" || server == "balancer") && len(r.spec.behind) > 0 && !foreign(r.spec.behind[0].server) {
			continue
		}
		if foreign(server) {
			shown[r.want.cause] = true
		}
	}
	if len(seen) < 75 {
		t.Errorf("%d rows, promised are 75", len(seen))
	}
	for _, cause := range []string{
		"no-shared-version", "no-shared-cipher", "no-shared-group", "no-shared-signature-algorithm", "no-alpn-overlap", "weak-dh", "legacy-renegotiation",
		"sni-required", "unrecognized-name", "wrong-certificate", "sni-filtered", "mtls-required", "mtls-cert-rejected", "cert-key-mismatch",
	} {
		if !shown[cause] {
			t.Errorf("no foreign implementation shows %s", cause)
		}
	}
}
