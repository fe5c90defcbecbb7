// Package trust judges certificate chains the way clients do, and says
// everything that is wrong with them.
//
// It has a parser of its own that shows what clients refuse to read
// (ParseCertificate), checks signatures with keys of any size and kind
// (PublicKey.Verify), finds every path from a leaf to the anchors of a Store and
// lists all defects of each (Verify). The standard library stops at the first
// error and at what it considers safe; a diagnosis begins there.
//
// # A verdict is a function
//
// Verify has no clock, network or global state: all that a verdict depends on
// stands in Input. So a cause is proved by judging twice with one input changed;
// Counterfactual says which. What could be fetched is described by FetchRequest
// (AIARequests, OCSPRequests, CRLRequests), what was fetched is read by
// AddFetched, ParseOCSP and ParseCRL, and the caller decides what to do between.
//
// # The root cause
//
// Result.Defects starts with the root cause; the order is explained at the
// variable order in defect.go. Where two causes look alike from outside, Result.Ambiguous
// names the others: a missing intermediate and a private root cannot be told
// apart as long as nobody has seen the missing certificate.
package trust
