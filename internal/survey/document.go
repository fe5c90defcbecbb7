package survey

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/tlswhy/tlswhy/internal/report"
)

// ManySchema names the document that holds the surveys of several targets.
const ManySchema = "tlswhy/surveys/v1"

// Many is the document for several targets.
type Many struct {
	Schema  string    `json:"schema"`
	Surveys []*Survey `json:"surveys"`
}

// maxDocument bounds what Read takes in: a survey is well under 1 MiB.
const maxDocument = 256 << 20

// Read reads the surveys of a document that this program wrote.
func Read(r io.Reader) ([]*Survey, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > maxDocument:
		return nil, errors.New("the document is larger than 256 MiB")
	}
	var head struct {
		Schema *string `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("this is no survey in JSON: %w", report.Plain(err, data))
	}
	if head.Schema == nil {
		return nil, errors.New(`this is no survey: it has no "schema"`)
	}
	var all []*Survey
	switch *head.Schema {
	case Schema:
		one := new(Survey)
		err, all = json.Unmarshal(data, one), []*Survey{one}
	case ManySchema:
		var many Many
		err = json.Unmarshal(data, &many)
		all = many.Surveys
	default:
		return nil, fmt.Errorf("schema %q is no survey, %q is", *head.Schema, Schema)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the survey: %w", report.Plain(err, data))
	}
	if len(all) == 0 {
		return nil, errors.New("the document holds no survey")
	}
	for _, s := range all {
		switch {
		case s == nil:
			return nil, errors.New("the document holds an empty survey")
		case s.Schema != Schema:
			return nil, fmt.Errorf("schema %q is no survey, %q is", s.Schema, Schema)
		case s.Target.Host == "" || s.Target.Port == 0:
			return nil, errors.New("the survey names no target")
		}
		s.FillLists()
	}
	return all, nil
}

// FillLists makes every list and map empty that is always there and nil: a
// script reads [] where it would stumble over null.
func (s *Survey) FillLists() { report.FillLists(s) }
