// Package tlswhy says why a TLS connection fails, and proves it.
//
//	r, err := tlswhy.Check(ctx, "example.com", tlswhy.Options{})
//	if err != nil {
//		return err // the check could not begin, or ctx has ended
//	}
//	if root := r.Root(); root != nil {
//		fmt.Println(root.Cause, root.Detail)
//	}
//
// # What a check does
//
// A check connects as a client would (see [Options].Client) and finds out where
// on seven steps the client stops: connect, version, cipher, certificate, verify,
// keys, secure. Then it repeats the handshake with one thing changed, until the
// change that makes the difference is known. The report names that cause first,
// with the two handshakes as its proof, says who has to act and how, and lists
// what else was seen. A connection that fails is no error of Check: it is what
// the report is about.
//
// # Reading a report
//
// [Report].Verdict is the answer in one word. Findings come root cause first;
// [Report.Root] is the first that stops the client, or nil. A finding's
// Confidence is [Proved] only with a Proof: two handshakes that differ in one
// thing, one handshake judged twice with one input changed, or what the protocol
// says by itself. What cannot be told apart from outside is [Possible] and names
// the other cause. Cause ids are listed by `tlswhy guide` and never change their
// meaning.
//
// # Surveys
//
// [Survey] finds out everything that a server accepts, in some hundred connections
// of which 24 at most are open at once, and names the clients that each setting
// keeps out. [CompareSurveys] tells how two differ.
//
// # Many targets
//
// [New] reads certificates, keys and roots once; a [Checker] may be used from
// many goroutines. A check opens at most 16 connections at once to one address
// and at most 40 in all; Options.Gentle and Options.Rate are for servers that
// mind.
//
// # Stability
//
// The package follows semantic versioning; within a major version fields and
// constants are added and not removed. The JSON of a report has a version of its
// own in its schema member, and a JSON Schema: see [Schema].
//
// Nothing here writes to standard output, reads the environment or keeps state
// between checks.
package tlswhy
