package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ReportsSchema names the document that holds the reports of several targets,
// RetestsSchema the one that holds several comparisons.
const (
	ReportsSchema = "tlswhy/reports/v1"
	RetestsSchema = "tlswhy/retests/v1"
)

// Reports is the document for several targets.
type Reports struct {
	Schema  string    `json:"schema"`
	Reports []*Report `json:"reports"`
}

// Retests is the document for several repeated checks.
type Retests struct {
	Schema  string    `json:"schema"`
	Retests []*Retest `json:"retests"`
}

// maxDocument bounds what Read takes in: a report with all its handshakes is
// well under 2 MiB.
const maxDocument = 256 << 20

// Read reads the reports of a document that this program wrote: of one check,
// of several, or of a retest.
func Read(r io.Reader) ([]*Report, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxDocument {
		return nil, errors.New("the document is larger than 256 MiB")
	}
	var head struct {
		Schema *string `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("this is not a JSON report: %w", Plain(err, data))
	}
	if head.Schema == nil {
		return nil, errors.New(`this is not a report: it has no "schema"`)
	}
	switch *head.Schema {
	case Schema:
		return decode(data, func(r *Report) []*Report { return []*Report{r} })
	case ReportsSchema:
		return decode(data, func(d *Reports) []*Report { return d.Reports })
	case RetestSchema:
		return decode(data, func(d *Retest) []*Report { return []*Report{d.Report} })
	case RetestsSchema:
		return decode(data, func(d *Retests) []*Report {
			var all []*Report
			for _, t := range d.Retests {
				if t == nil {
					t = new(Retest)
				}
				all = append(all, t.Report)
			}
			return all
		})
	}
	return nil, fmt.Errorf("schema %q cannot be retested, %q can", *head.Schema, Schema)
}

func decode[T any](data []byte, reports func(*T) []*Report) ([]*Report, error) {
	doc := new(T)
	if err := json.Unmarshal(data, doc); err != nil {
		return nil, fmt.Errorf("reading the report: %w", Plain(err, data))
	}
	all := reports(doc)
	if len(all) == 0 {
		return nil, errors.New("the document holds no report")
	}
	for _, r := range all {
		switch {
		case r == nil:
			return nil, errors.New("the document holds an empty report")
		case r.Schema != Schema:
			return nil, fmt.Errorf("schema %q cannot be retested, %q can", r.Schema, Schema)
		case r.Target.Host == "" || r.Target.Port == 0:
			return nil, errors.New("the report names no target")
		}
		r.FillLists()
	}
	return all, nil
}

// Plain says where JSON is damaged, in words without Go's type names.
func Plain(err error, data []byte) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case len(data) == 0:
		return errors.New("it is empty")
	case errors.As(err, &syntax):
		return fmt.Errorf("%w (byte %d)", err, syntax.Offset)
	case errors.As(err, &kind):
		field := strings.ReplaceAll(kind.Field, "Facts.", "") // embedded, and no part of the JSON
		return fmt.Errorf("%q holds a %s (byte %d)", field, kind.Value, kind.Offset)
	}
	return err
}
