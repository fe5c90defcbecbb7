// Package compat tells which clients can connect to a server and which cannot:
// predicted from a survey where that is exact, tried for real where it is not.
//
// A prediction costs no connection, and is shown only where nothing that was not
// asked could change it. What it cannot tell, a full diagnosis from that client's
// point of view does.
package compat

import (
	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// Schema names the document.
const Schema = "tlswhy/clients/v1"

// Result is who can connect to one address of a server. Its JSON is the contract
// with users' scripts: fields are added, never removed.
type Result struct {
	Schema  string         `json:"schema"`
	Version string         `json:"tlswhy,omitempty"` // of the program
	Time    string         `json:"time"`             // RFC 3339, UTC, when it began
	Target  report.Target  `json:"target"`
	Options report.Options `json:"options"`
	// Client is the point of view: the row that decides the verdict.
	Client string `json:"client"`
	// Clients are ordered by kind, group and year.
	Clients []Row `json:"clients"`
	// Separators are what the clients that connect have in common and the others
	// lack, together: "TLS 1.2", "a suite with ECDHE". Empty where all or none
	// connect, or where it takes more than a few properties to tell them apart.
	Separators []string `json:"separators"`
	// Obstacles are what keeps clients out, in the order of the steps.
	Obstacles []Obstacle `json:"obstacles"`
	// Improvements are single changes of the server that let clients in, most first.
	Improvements []Improvement `json:"improvements"`
	// WhatIf is what the change of --if would do; nil without one.
	WhatIf *WhatIf `json:"what_if,omitempty"`
	// Predicted and Tried count rows by how they came about.
	Predicted int `json:"predicted"`
	Tried     int `json:"tried"`
	// Notes say what kept the survey from being complete, and what else is to be known.
	Notes       []string `json:"notes"`
	Connections int      `json:"connections"`
	ElapsedMS   float64  `json:"elapsed_ms"`
}

// Outcome is whether a client connects.
type Outcome string

// Outcomes. Unknown is left where neither a prediction was exact nor an attempt
// could be made.
const (
	OK      Outcome = "ok"
	Fail    Outcome = "fail"
	Unknown Outcome = "unknown"
)

// How an outcome came about.
type How string

// Ways.
const (
	Predicted How = "predicted" // from the survey
	Tried     How = "tried"     // by a diagnosis with the client's own hello
)

// Row is one client.
type Row struct {
	ID      string        `json:"id"`
	Kind    client.Kind   `json:"kind"`
	Product string        `json:"product"` // without a version: the row of tables
	Label   string        `json:"label"`   // its version, in short
	Year    int           `json:"year,omitempty"`
	Source  client.Source `json:"source"`
	// Own: it is none of the known clients, but the one of the point of view.
	Own bool `json:"own,omitempty"`

	Outcome Outcome `json:"outcome"`
	// What is negotiated, as far as it gets and is known.
	Version *wire.Version     `json:"version"`
	Cipher  *wire.CipherSuite `json:"cipher"`
	Group   *wire.Group       `json:"group"`
	ALPN    string            `json:"alpn,omitempty"`
	// Cause and Step are where it fails; nil if it does not.
	Cause *cause.ID   `json:"cause"`
	Step  *cause.Step `json:"step"`
	// Why is one sentence. Setting is what of the server keeps it out, in a phrase
	// that is the same for all whom that keeps out; "" if it connects, or was tried.
	Why     string `json:"why"`
	Setting string `json:"setting,omitempty"`
	How     How    `json:"how"`
	// Open is what the prediction hung on, of rows that were tried.
	Open string `json:"open,omitempty"`
}

// Obstacle is a setting that keeps clients out.
type Obstacle struct {
	Step    cause.Step `json:"step"`
	Cause   cause.ID   `json:"cause"`
	Text    string     `json:"text"`
	Clients []string   `json:"clients"` // ids, in the order of Result.Clients
}

// Improvement is a change of the server that lets clients in.
type Improvement struct {
	// Change is the argument of --if that tries it: "suites=+TLS_RSA_WITH_AES_128_CBC_SHA".
	Change string   `json:"change"`
	Text   string   `json:"text"`  // one phrase: "accept TLS 1.0"
	Price  string   `json:"price"` // what it costs in safety; "" for nothing
	LetsIn []string `json:"lets_in"`
	Loses  []string `json:"loses"` // mostly none
}

// WhatIf is the effect of a change that nobody has made yet.
type WhatIf struct {
	Change string   `json:"change"`
	Lost   []string `json:"lost"` // connect now, would not then
	Gained []string `json:"gained"`
	// Open are the ids of which it cannot be told exactly.
	Open []string `json:"open"`
}

// Count says how many rows of a source there are, and how many of those connect.
func (r *Result) Count(sources ...client.Source) (connect, all int) {
	for _, x := range r.Clients {
		for _, s := range sources {
			if x.Source == s && x.Kind != client.Reference && !x.Own {
				all++
				if x.Outcome == OK {
					connect++
				}
			}
		}
	}
	return connect, all
}

// Row is that of a client, or nil.
func (r *Result) Row(id string) *Row {
	for i := range r.Clients {
		if r.Clients[i].ID == id {
			return &r.Clients[i]
		}
	}
	return nil
}

// Verdict is that of the client from whose point of view it was asked.
func (r *Result) Verdict() report.Verdict {
	switch x := r.Row(r.Client); {
	case x == nil || x.Outcome == Unknown:
		return report.Unknown
	case x.Outcome == Fail:
		return report.Fail
	}
	return report.OK
}

// FillLists makes lists that are nil empty, for JSON.
func (r *Result) FillLists() {
	for _, l := range []*[]string{&r.Separators, &r.Notes} {
		if *l == nil {
			*l = []string{}
		}
	}
	if r.Clients == nil {
		r.Clients = []Row{}
	}
	if r.Obstacles == nil {
		r.Obstacles = []Obstacle{}
	}
	if r.Improvements == nil {
		r.Improvements = []Improvement{}
	}
}
