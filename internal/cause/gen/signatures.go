package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
)

// signatureFile is a stack's texts, as written.
type signatureFile struct {
	path  string
	lines map[string]int // of the signatures, by id

	Stack      string      `yaml:"stack"`
	Name       string      `yaml:"name"`
	Speaks     string      `yaml:"speaks"`
	Software   []string    `yaml:"software"`
	Signatures []signature `yaml:"signatures"`
}

type signature struct {
	ID       string     `yaml:"id"`
	Match    []string   `yaml:"match"`
	Also     []string   `yaml:"also"`
	Unless   []string   `yaml:"unless"`
	Causes   []weighted `yaml:"causes"`
	Heard    string     `yaml:"heard"`
	Refuses  bool       `yaml:"refuses"`
	Wraps    bool       `yaml:"wraps"`
	Noise    string     `yaml:"noise"`
	Step     string     `yaml:"step"`
	Speaks   string     `yaml:"speaks"`
	Says     string     `yaml:"says"`
	Decides  []string   `yaml:"decides"`
	Quirk    string     `yaml:"quirk"`
	Versions string     `yaml:"versions"`
	Source   string     `yaml:"source"`
	Sample   string     `yaml:"sample"`
}

// weighted is a cause's id, or a map of one id to its weight.
type weighted struct {
	cause  string
	weight float64
	given  bool // without: by its place in the list
}

func (w *weighted) UnmarshalYAML(unmarshal func(any) error) error {
	if err := unmarshal(&w.cause); err == nil {
		return nil
	}
	var pair map[string]float64
	if err := unmarshal(&pair); err != nil || len(pair) != 1 {
		return errors.New("a cause is an id or {id: weight}")
	}
	for w.cause, w.weight = range pair {
		w.given = true
	}
	return nil
}

func loadSignatures(path string) (signatureFile, error) {
	f := signatureFile{path: path, lines: map[string]int{}}
	if err := decode(path, &f); err != nil {
		return f, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return f, err
	}
	id := regexp.MustCompile(`^\s*(?:-\s+)?id:\s*["']?([^"'\s#]+)`)
	for i, l := range strings.Split(string(text), "\n") {
		if m := id.FindStringSubmatch(l); m != nil {
			f.lines[m[1]] = i + 1
		}
	}
	return f, nil
}

var (
	idForm    = regexp.MustCompile(`^[a-z0-9]+(?:[-_.][a-z0-9]+)*$`)
	heardForm = regexp.MustCompile(`^alert (\d{1,3})$`)
	partForm  = regexp.MustCompile(`\{(\d)\}`)
	speakers  = []string{"client", "server", "either"}
	noises    = []string{"probe", "scanner", "healthcheck"}
	sources   = []string{"documentation: ", "source code: "}
)

// checkSignatures reports all that is wrong with the files, with file and line.
func (s *set) checkSignatures() error {
	var errs []error
	stackAt := map[string]string{}
	for i := range s.signatures {
		f := &s.signatures[i]
		complain := func(id, format string, args ...any) {
			errs = append(errs, fmt.Errorf("%s:%d: %s: %s", f.path, max(f.lines[id], 1), id, fmt.Sprintf(format, args...)))
		}
		base := strings.TrimSuffix(filepath.Base(f.path), ".yaml")
		if f.Stack != base && !strings.HasPrefix(base, "misc-") || !idForm.MatchString(f.Stack) {
			complain(f.Stack, "the file's name says that the stack is %q", base)
		}
		if other := stackAt[f.Stack]; other != "" {
			complain(f.Stack, "the stack stands in %s too", other)
		}
		stackAt[f.Stack] = f.path
		if f.Name == "" {
			complain(f.Stack, "name is missing")
		}
		if !slices.Contains(speakers, f.Speaks) {
			complain(f.Stack, "speaks %q is none of %q", f.Speaks, speakers)
		}
		for _, id := range f.Software {
			if !slices.ContainsFunc(s.software.Software, func(w software) bool { return w.ID == id }) {
				complain(f.Stack, "unknown software %q", id)
			}
		}
		seen := map[string]bool{}
		for j := range f.Signatures {
			x := &f.Signatures[j]
			slices.SortStableFunc(x.Causes, func(a, b weighted) int { return cmp.Compare(b.weight, a.weight) })
			if seen[x.ID] {
				complain(x.ID, "the id is taken")
			}
			seen[x.ID] = true
			s.checkSignature(x, func(format string, args ...any) { complain(x.ID, format, args...) })
		}
	}
	return errors.Join(errs...)
}

func (s *set) checkSignature(x *signature, complain func(format string, args ...any)) {
	if !idForm.MatchString(x.ID) {
		complain("an id is lower-case words with - between them")
	}
	if len(x.Match) == 0 {
		complain("match is empty")
	}
	fields := 9
	for _, p := range slices.Concat(x.Match, x.Also, x.Unless) {
		parts := strings.Split(p, "{}")
		longest := 0
		for k, part := range parts {
			longest = max(longest, len(strings.TrimSpace(part)))
			if part == "" && k > 0 && k < len(parts)-1 {
				complain("%q has two {} and nothing between them", p)
			}
		}
		if longest < 3 {
			complain("%q has no literal part of three bytes", p)
		}
	}
	for _, p := range x.Match {
		fields = min(fields, strings.Count(p, "{}"))
	}
	for _, m := range partForm.FindAllStringSubmatch(x.Says, -1) {
		if n, _ := strconv.Atoi(m[1]); n < 1 || n > fields {
			complain("says has {%d}, and not every literal of match has as many {}", n)
		}
	}
	sum := 0.0
	for i, w := range x.Causes {
		if !slices.ContainsFunc(s.causes, func(c causeFile) bool { return c.ID == w.cause }) {
			complain("unknown cause %q", w.cause)
		}
		if slices.ContainsFunc(x.Causes[:i], func(o weighted) bool { return o.cause == w.cause }) {
			complain("cause %q stands there twice", w.cause)
		}
		if w.given && (w.weight <= 0 || w.weight > 1) {
			complain("the weight of %s is %v, it has to be above 0 and up to 1", w.cause, w.weight)
		}
		if w.given != x.Causes[0].given {
			complain("either all causes have weights or none has")
		}
		sum += w.weight
	}
	if sum > 1.001 {
		complain("the weights add up to %.2f", sum)
	}
	if x.Step != "" && !slices.Contains(steps, x.Step) {
		complain("step %q is none of %q", x.Step, steps)
	}
	if x.Speaks != "" && !slices.Contains(speakers, x.Speaks) {
		complain("speaks %q is none of %q", x.Speaks, speakers)
	}
	if x.Noise != "" && !slices.Contains(noises, x.Noise) {
		complain("noise %q is none of %q", x.Noise, noises)
	}
	if x.Heard != "" {
		if m := heardForm.FindStringSubmatch(x.Heard); m == nil {
			complain("heard is %q, it has to be like \"alert 40\"", x.Heard)
		} else if n, _ := strconv.Atoi(m[1]); n > 255 {
			complain("heard: there is no alert %d", n)
		}
		if x.Refuses {
			complain("who heard an alert did not refuse by itself")
		}
	}
	if x.Source != "observed" && x.Source != "memory" && !slices.ContainsFunc(sources, func(p string) bool { return strings.HasPrefix(x.Source, p) && len(x.Source) > len(p) }) {
		complain("source %q is none of observed, memory, %q with a name", x.Source, sources)
	}
	if strings.TrimSpace(x.Sample) == "" {
		complain("sample is missing")
	}
}

// share is how a list without weights is weighted: each cause has this much of
// the weight of the one before.
const share = 0.45

// emitSignatures writes one line of JSON a stack and a signature. It writes the
// members by hand in a fixed order, leaving out those without a value.
func (s *set) emitSignatures() ([]byte, error) {
	var w bytes.Buffer
	files := slices.Clone(s.signatures)
	slices.SortFunc(files, func(a, b signatureFile) int { return strings.Compare(a.Stack, b.Stack) })
	for _, f := range files {
		line := members{w: &w}
		line.open(`{"Stack":{`)
		line.add("ID", f.Stack)
		line.add("Name", f.Name)
		line.add("Software", f.Software)
		line.close("}}\n")
		for _, x := range f.Signatures {
			line.open("{")
			line.add("ID", f.Stack+"/"+x.ID)
			line.add("Match", x.Match)
			line.add("Also", x.Also)
			line.add("Unless", x.Unless)
			line.add("Causes", weights(x.Causes))
			if m := heardForm.FindStringSubmatch(x.Heard); m != nil {
				n, _ := strconv.Atoi(m[1]) // digits alone
				line.add("Heard", &n)
			}
			line.add("Refuses", x.Refuses)
			line.add("Wraps", x.Wraps)
			line.add("Noise", x.Noise)
			line.add("Step", s.stepOf(x))
			speaks := x.Speaks
			if speaks == "" {
				speaks = f.Speaks
			}
			line.add("Speaks", speaks)
			line.add("Says", strings.TrimSpace(x.Says))
			line.add("Decides", x.Decides)
			line.add("Quirk", strings.TrimSpace(x.Quirk))
			line.add("Versions", x.Versions)
			line.add("Source", x.Source)
			line.add("Sample", strings.TrimRight(x.Sample, "\n"))
			line.close("}\n")
			if line.err != nil {
				return nil, line.err
			}
		}
	}
	return w.Bytes(), nil
}

func (s *set) stepOf(x signature) string {
	if x.Step != "" || len(x.Causes) == 0 {
		return x.Step
	}
	for _, c := range s.causes {
		if c.ID == x.Causes[0].cause {
			return c.Step
		}
	}
	return ""
}

type causeWeight struct {
	Cause  string
	Weight float64
}

func weights(causes []weighted) []causeWeight {
	out := make([]causeWeight, len(causes))
	sum, w := 0.0, 1.0
	for i, c := range causes {
		out[i] = causeWeight{c.cause, c.weight}
		if !c.given {
			out[i].Weight = w
			w *= share
		}
		sum += out[i].Weight
	}
	for i := range out {
		out[i].Weight = float64(int(out[i].Weight/sum*1000+0.5)) / 1000
	}
	return out
}

// members writes the members of a JSON object.
type members struct {
	w     *bytes.Buffer
	first bool
	err   error
}

func (m *members) open(s string) {
	m.w.WriteString(s)
	m.first = true
}

func (m *members) close(s string) { m.w.WriteString(s) }

func (m *members) add(name string, value any) {
	switch v := value.(type) {
	case string:
		if v == "" {
			return
		}
	case []string:
		if len(v) == 0 {
			return
		}
	case []causeWeight:
		if len(v) == 0 {
			return
		}
	case bool:
		if !v {
			return
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		m.err = err
		return
	}
	if !m.first {
		m.w.WriteByte(',')
	}
	m.first = false
	fmt.Fprintf(m.w, "%q:%s", name, bytes.TrimRight(b.Bytes(), "\n"))
}

var _ yaml.InterfaceUnmarshaler = (*weighted)(nil)
