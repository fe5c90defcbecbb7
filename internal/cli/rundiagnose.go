package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tlswhy/tlswhy"
	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/passive"
	"github.com/tlswhy/tlswhy/internal/relay"
	"github.com/tlswhy/tlswhy/internal/render"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
)

// unusedOutcome stands for one that is not decided yet: the program finished the
// handshake, left without using it, and failed.
const unusedOutcome = "unused"

// unused finds out whether a finished handshake was given up for its certificate.
func (s *runStudy) unused(ctx context.Context, doc *report.Run, h *report.RunHandshake, c *relay.Connection, k *seenClient) {
	if ctx.Err() == nil && len(doc.Reports) < maxDiagnoses {
		s.diagnose(ctx, doc, h, c, k)
	}
	if h.Report == nil {
		h.Outcome = string(passive.OK)
		return
	}
	h.Outcome, h.StoppedBy = string(passive.Fail), "client"
	h.Seen = "the client finished the handshake and left without using it, as programs do that look at the certificate afterwards"
	if k != nil {
		k.failed += h.Count
	}
}

// diagnose repeats a failed handshake with the client's own hello, at the same
// address, and finds out why.
func (s *runStudy) diagnose(ctx context.Context, doc *report.Run, h *report.RunHandshake, c *relay.Connection, k *seenClient) {
	if k == nil && c.Seen != nil && c.Seen.Hello != nil {
		return // one client too many: with another's hello it would be another failure
	}
	o := s.options
	if k != nil {
		o.Learned = s.pointOfView(k)
	} else {
		o.Client = "" // it did not come to a hello
	}
	var notes []string
	if o.CertFile == "" && s.roots.cert != "" && h.WantsCertificate != transcript.No {
		with := o
		with.CertFile, with.KeyFile = s.roots.cert, s.roots.key
		if _, err := s.newChecker(with); err == nil { // encrypted keys, for one, are not read
			o = with
			notes = append(notes, fmt.Sprintf("the client certificate is that of %s, as %s says", s.roots.cert, s.roots.certSource))
		}
	}
	if o.Connect == "" && o.Proxy == "" && c.Remote.IsValid() {
		o.Connect = c.Remote.String()
	}
	var said *cause.ID // by the client's own alert
	if h.StoppedBy == "client" && h.Step == cause.StepVerify {
		said = h.Cause
	}
	check := s.check
	if k == nil {
		check = s.plainCheck
	}
	r, used, err := check(ctx, o, h.Target, said)
	if err != nil {
		doc.Notes = append(doc.Notes, fmt.Sprintf("%s: %s", h.Target, err))
		return
	}
	again := "tlswhy run -- " + strings.Join(shellWords(s.args), " ")
	for i := range r.Findings {
		if k != nil && !strings.HasPrefix(o.Learned.Profile.ID, "@") {
			r.Findings[i].Retest = again // the client is nowhere but in the program
		}
	}
	root := r.Root()
	if root != nil && root.Cause == cause.MTLSRequired && h.Answered == transcript.Yes {
		// It was asked without the certificate that the program has.
		id, likely := cause.MTLSCertRejected, report.Likely
		h.Cause, h.Confidence, h.Step, h.Detail = &id, &likely, cause.StepKeys, s.gotThrough(h, k)
		return
	}
	if h.Outcome == unusedOutcome && (root == nil || root.Step != cause.StepVerify) {
		return
	}
	if used != "" {
		notes = append(notes, used)
	}
	for _, n := range notes {
		if !slices.Contains(doc.Notes, n) {
			doc.Notes = append(doc.Notes, n)
		}
	}
	i := len(doc.Reports)
	doc.Reports, h.Report = append(doc.Reports, r), &i
	if root == nil {
		h.Detail = s.gotThrough(h, k)
		return
	}
	id, confidence := root.Cause, root.Confidence
	h.Cause, h.Confidence, h.Step, h.Detail = &id, &confidence, r.Step, render.Summary(root)
}

// pointOfView is the client under the name by which it can be asked for again.
func (s *runStudy) pointOfView(k *seenClient) *tlswhy.LearnedClient {
	l := *k.learned
	p := *l.Profile
	if s.f.save != "" {
		p.ID = "@" + s.fileOf(k)
	}
	if s.roots.insecure != "" {
		p.Policy.VerifiesChain, p.Policy.VerifiesName = false, false
	}
	l.Profile = &p
	return &l
}

// plainCheck is for connections that did not come to a handshake: no root matters.
func (s *runStudy) plainCheck(ctx context.Context, o tlswhy.Options, target string, _ *cause.ID) (*tlswhy.Report, string, error) {
	r, err := s.checkOnce(ctx, o, target)
	return r, "", err
}

// check diagnoses one target; with the roots that the program was given, if it was.
// Which of several settings it heeds is not known for all: the one with which the
// diagnosis comes to what its own alert said (hint) is.
func (s *runStudy) check(ctx context.Context, o tlswhy.Options, target string, hint *cause.ID) (*tlswhy.Report, string, error) {
	var files []rootFile
	if o.CAFile == "" {
		files = s.roots.files
	}
	// Roots that come in addition are tried after the client's own.
	tries := slices.DeleteFunc(slices.Clone(files), func(f rootFile) bool { return f.extra })
	tries = append(tries, rootFile{})
	tries = append(tries, slices.DeleteFunc(slices.Clone(files), func(f rootFile) bool { return !f.extra })...)
	var first *tlswhy.Report
	var note string
	for _, f := range tries {
		with := o
		if f.name != "" {
			with.CAFile = f.name
		}
		r, err := s.checkOnce(ctx, with, target)
		if err != nil {
			if f.name != "" {
				continue // no file of certificates
			}
			if first == nil {
				return nil, "", err
			}
			break
		}
		root := r.Root()
		agrees := hint == nil || root != nil && root.Cause == *hint
		// Without further roots nothing is trusted: with them it may be something else.
		better := f.extra && first != nil && first.Root() != nil && first.Root().Step == cause.StepVerify && (root == nil || root.Cause != first.Root().Cause)
		if first == nil || agrees && hint != nil || better {
			first, note = r, s.noteOn(f)
		}
		if agrees && (root == nil || root.Step != cause.StepVerify || !slices.ContainsFunc(files, func(f rootFile) bool { return f.extra })) {
			break
		}
		if ctx.Err() != nil {
			break
		}
	}
	return first, note, nil
}

func (s *runStudy) noteOn(f rootFile) string {
	switch {
	case s.roots.insecure != "":
		return "certificates are not verified, as " + s.roots.insecure + " says"
	case f.extra:
		return fmt.Sprintf("the roots are those of %s too, as %s says", f.name, f.source)
	case f.name != "":
		return fmt.Sprintf("the roots are those of %s, as %s says", f.name, f.source)
	}
	return ""
}

func (s *runStudy) checkOnce(ctx context.Context, o tlswhy.Options, target string) (*tlswhy.Report, error) {
	p := s.newProgress(o.Timeout)
	o.Progress, o.Early = p.attempt, p.early
	c, err := s.newChecker(o)
	if err != nil {
		return nil, err
	}
	t, err := c.ParseTarget(target)
	if err != nil {
		return nil, err
	}
	p.begin([]tlswhy.Target{t})
	r, err := c.Check(ctx, t)
	p.end()
	if r == nil {
		return nil, err
	}
	return r, nil
}

// gotThrough says what a handshake that failed and fails no more may depend on.
func (s *runStudy) gotThrough(h *report.RunHandshake, k *seenClient) string {
	policy := "current clients"
	if k != nil {
		policy = k.learned.PolicyFrom
	}
	name := programName(s.args[0])
	switch {
	case h.StoppedBy == "client" && h.Step == cause.StepVerify:
		return fmt.Sprintf("%s rejects a certificate that passes by the policy of %s: it trusts other roots, or checks more (a pinned key, a CA bundle of its own); --ca-file names its roots, and its own message says more", name, policy)
	case h.StoppedBy == "server" && h.Answered == transcript.Yes:
		return fmt.Sprintf("the server does not accept the certificate that %s shows; give it with --cert and --key to find out why", name)
	case h.StoppedBy == "client":
		return fmt.Sprintf("%s stops where %s would go on: it is stricter by its own settings; its own message says more", name, policy)
	}
	return "the same hello gets through now: the failure comes and goes, or depends on something that is not in the hello"
}
