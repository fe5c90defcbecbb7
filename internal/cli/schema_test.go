package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/tlswhy/tlswhy"
)

// strictSchemas are the published schemas with one rule more: a member that no
// schema knows is an error. Users may get new members with any release; we want
// to hear of them before.
var strictSchemas = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	ids := map[string]string{}
	for _, kind := range tlswhy.SchemaKinds() {
		text, _ := tlswhy.Schema(kind)
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			return nil, fmt.Errorf("schema %s: %w", kind, err)
		}
		id, _ := doc.(map[string]any)["$id"].(string)
		closeSchema(doc)
		if err := c.AddResource(id, doc); err != nil {
			return nil, fmt.Errorf("schema %s: %w", kind, err)
		}
		ids[kind] = id
	}
	all := map[string]*jsonschema.Schema{}
	for kind, id := range ids {
		s, err := c.Compile(id)
		if err != nil {
			return nil, fmt.Errorf("schema %s: %w", kind, err)
		}
		all[kind] = s
	}
	return all, nil
})

// closeSchema forbids unknown members in every object that lists its members.
func closeSchema(v any) {
	switch v := v.(type) {
	case map[string]any:
		if _, ok := v["properties"]; ok && v["type"] == "object" {
			if _, open := v["additionalProperties"]; !open {
				v["additionalProperties"] = false
			}
		}
		for _, x := range v {
			closeSchema(x)
		}
	case []any:
		for _, x := range v {
			closeSchema(x)
		}
	}
}

// validate says whether text is exactly one document of a kind.
func validate(kind string, text []byte) error {
	schemas, err := strictSchemas()
	if err != nil {
		return err
	}
	s, ok := schemas[kind]
	if !ok {
		return fmt.Errorf("no schema for %q", kind)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var doc any
	if err := d.Decode(&doc); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the document")
	}
	if m, ok := doc.(map[string]any); !ok || !strings.HasPrefix(fmt.Sprint(m["schema"]), "tlswhy/"+kind+"/") {
		return fmt.Errorf("this is not a document of kind %q", kind)
	}
	return s.Validate(doc)
}
