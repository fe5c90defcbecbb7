package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// set is all the data, as written.
type set struct {
	causes       []causeFile
	topics       []topicFile
	recipes      recipesFile
	stacks       []stackFile
	software     softwareFile
	interception interceptionFile
	signatures   []signatureFile
}

type causeFile struct {
	ID         string            `yaml:"id"`
	Order      int               `yaml:"order"` // within its group
	Group      string            `yaml:"group"`
	Step       string            `yaml:"step"`
	Severity   string            `yaml:"severity"`
	Side       string            `yaml:"side"`
	Title      string            `yaml:"title"`
	Summary    string            `yaml:"summary"`
	What       string            `yaml:"what"`
	Near       []string          `yaml:"near"`
	Shows      []symptom         `yaml:"shows"`
	Confirm    []string          `yaml:"confirm"`
	Decides    map[string]string `yaml:"decides"`
	Fix        []fix             `yaml:"fix"`
	Recipes    []string          `yaml:"recipes"` // shared fixes, after its own
	Reproduce  []string          `yaml:"reproduce"`
	Retest     string            `yaml:"retest"`
	References []string          `yaml:"references"`
}

type symptom struct {
	In   string `yaml:"in"`
	Text string `yaml:"text"`
}

type fix struct {
	For      string            `yaml:"for"`
	Side     string            `yaml:"side"`
	Versions string            `yaml:"versions"`
	When     map[string]string `yaml:"when"` // alternatives with | between them
	Text     string            `yaml:"text"`
	Config   string            `yaml:"config"`
	Place    string            `yaml:"place"`
	Run      []string          `yaml:"run"`
	Verified bool              `yaml:"verified"`
}

// stackFile is what the users of a software can do at the client's end, for all
// causes.
type stackFile struct {
	Software string     `yaml:"software"`
	Fixes    []stackFix `yaml:"fixes"`
}

type stackFix struct {
	Causes   []string          `yaml:"causes"`
	Versions string            `yaml:"versions"`
	When     map[string]string `yaml:"when"`
	Text     string            `yaml:"text"`
	Config   string            `yaml:"config"`
	Place    string            `yaml:"place"`
	Run      []string          `yaml:"run"`
	Verified bool              `yaml:"verified"`
}

func (f stackFix) fix(software string) fix {
	return fix{For: software, Side: "client", Versions: f.Versions, When: f.When, Text: f.Text, Config: f.Config, Place: f.Place, Run: f.Run, Verified: f.Verified}
}

// recipesFile has the fixes that many causes share, such as installing a new
// certificate, by name.
type recipesFile struct {
	Recipes map[string][]fix `yaml:"recipes"`
}

type topicFile struct {
	ID      string   `yaml:"id"`
	Order   int      `yaml:"order"`
	Title   string   `yaml:"title"`
	Summary string   `yaml:"summary"`
	Text    []string `yaml:"text"`
	Items   []item   `yaml:"items"`
	Outro   string   `yaml:"outro"`
}

type item struct {
	ID       string   `yaml:"id"`
	Title    string   `yaml:"title"`
	Text     string   `yaml:"text"`
	Step     string   `yaml:"step"`
	Severity string   `yaml:"severity"`
	Causes   []string `yaml:"causes"`
	Next     string   `yaml:"next"`
	Commands []string `yaml:"commands"`
}

type softwareFile struct {
	Software []software `yaml:"software"`
}

type software struct {
	ID          string   `yaml:"id"`
	Name        string   `yaml:"name"`
	Kind        string   `yaml:"kind"`
	Aliases     []string `yaml:"aliases"`
	Like        []string `yaml:"like"`
	Reload      string   `yaml:"reload"`
	Places      []string `yaml:"places"`
	Own         []string `yaml:"own"`
	Header      []string `yaml:"header"`
	Banner      []string `yaml:"banner"`
	Body        []string `yaml:"body"`
	Certificate []string `yaml:"certificate"`
}

type interceptionFile struct {
	Products []product `yaml:"products"`
	Wording  []string  `yaml:"wording"`
}

type product struct {
	Product  string   `yaml:"product"`
	Kind     string   `yaml:"kind"`
	Patterns []string `yaml:"patterns"`
}

// load reads every file and reports all that cannot be read, not the first.
func load(dir string) (*set, error) {
	var s set
	var errs []error
	for _, path := range yamlFiles(filepath.Join(dir, "causes")) {
		c, err := loadCause(path)
		errs = append(errs, err)
		s.causes = append(s.causes, c)
	}
	for _, path := range yamlFiles(filepath.Join(dir, "stacks")) {
		var f stackFile
		err := decode(path, &f)
		if want := strings.TrimSuffix(filepath.Base(path), ".yaml"); err == nil && f.Software != want {
			err = fmt.Errorf("%s: software is %q, the file's name says %q", path, f.Software, want)
		}
		errs = append(errs, err)
		s.stacks = append(s.stacks, f)
	}
	for _, path := range yamlFiles(filepath.Join(dir, "topics")) {
		var t topicFile
		if err := decode(path, &t); err != nil {
			errs = append(errs, err)
			continue
		}
		s.topics = append(s.topics, t)
	}
	for _, path := range yamlFiles(filepath.Join(dir, "signatures")) {
		f, err := loadSignatures(path)
		errs = append(errs, err)
		s.signatures = append(s.signatures, f)
	}
	errs = append(errs,
		decode(filepath.Join(dir, "recipes.yaml"), &s.recipes),
		decode(filepath.Join(dir, "software.yaml"), &s.software),
		decode(filepath.Join(dir, "interception.yaml"), &s.interception))
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}

	slices.SortFunc(s.causes, func(a, b causeFile) int {
		if d := slices.Index(groups, a.Group) - slices.Index(groups, b.Group); d != 0 {
			return d
		}
		if d := a.Order - b.Order; d != 0 {
			return d
		}
		return strings.Compare(a.ID, b.ID)
	})
	slices.SortFunc(s.topics, func(a, b topicFile) int {
		if d := a.Order - b.Order; d != 0 {
			return d
		}
		return strings.Compare(a.ID, b.ID)
	})
	return &s, nil
}

func loadCause(path string) (causeFile, error) {
	var c causeFile
	if err := decode(path, &c); err != nil {
		return c, err
	}
	if want := strings.TrimSuffix(filepath.Base(path), ".yaml"); c.ID != want {
		return c, fmt.Errorf("%s: id is %q, the file's name says %q", path, c.ID, want)
	}
	return c, nil
}

// yamlFiles lists a directory's YAML files by name. A missing directory has none.
func yamlFiles(dir string) []string {
	paths, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil // only a malformed pattern, and this one is well formed
	}
	slices.Sort(paths)
	return paths
}

// decode reads one document strictly: an unknown or doubled key is an error that
// tells file and line.
func decode(path string, into any) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	dec := yaml.NewDecoder(f, yaml.Strict())
	switch err := dec.Decode(into); {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%s: empty file", path)
	case err != nil:
		return located(path, err)
	}
	var more any
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: more than one document", path)
	}
	return nil
}

// located puts file and line before goccy/go-yaml's message, in the form that
// editors can follow.
func located(path string, err error) error {
	var syntax yaml.Error
	if errors.As(err, &syntax) && syntax.GetToken() != nil && syntax.GetToken().Position != nil {
		pos := syntax.GetToken().Position
		return fmt.Errorf("%s:%d:%d: %s", path, pos.Line, pos.Column, syntax.GetMessage())
	}
	return fmt.Errorf("%s: %w", path, err)
}
