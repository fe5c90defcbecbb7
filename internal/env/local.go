package env

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/trust"
)

// LocalID is the client that stands for this machine: "local", or "local:python"
// for one of its stacks.
const LocalID = "local"

// looks are the ways to look at one stack without the others, in the order in
// which "local" takes the first that is there.
var looks = []struct {
	ids  []string
	look func(*Host, context.Context, *Document)
}{
	{[]string{"openssl"}, nil}, // always looked at: others follow it
	{[]string{"curl"}, (*Host).curl},
	{[]string{"python", "python-requests"}, (*Host).python},
	{[]string{"node"}, (*Host).node},
	{[]string{"java"}, (*Host).java},
	{[]string{"go"}, (*Host).golang},
	{[]string{"wget"}, (*Host).wget},
	{[]string{"git"}, func(h *Host, ctx context.Context, d *Document) { h.curl(ctx, d); h.git(ctx, d) }},
}

// StackIDs are the stacks that are looked for.
func StackIDs() []string {
	var out []string
	for _, l := range looks {
		out = append(out, l.ids...)
	}
	for _, x := range simples {
		out = append(out, x.id)
	}
	return out
}

// Local is a client of this machine as a profile: id is "local" or
// "local:STACK".
func Local(ctx context.Context, h *Host, id string) (*client.Profile, error) {
	_, which, picked := strings.Cut(id, ":")
	if picked && !slices.Contains(StackIDs(), which) {
		return nil, fmt.Errorf("unknown client %q; %s takes %s", id, LocalID, strings.Join(StackIDs(), ", "))
	}
	d := &Document{}
	o := h.openssl(ctx, d)
	for _, l := range looks {
		if l.look == nil || picked && !slices.Contains(l.ids, which) {
			continue
		}
		if !picked && len(d.Stacks) > 0 {
			break
		}
		l.look(h, ctx, d)
	}
	for _, x := range simples {
		if x.id == which {
			h.simple(ctx, d, x)
		}
	}
	if !picked {
		if len(d.Stacks) == 0 {
			return nil, fmt.Errorf("client %q: no TLS client that is known was found on this machine", id)
		}
		which = d.Stacks[0].ID
	}
	s := d.Stack(which)
	if s == nil {
		return nil, fmt.Errorf("client %q: it is not installed here", id)
	}
	p, err := profileOf(d, s, o)
	if err != nil {
		return nil, fmt.Errorf("client %q: %w", id, err)
	}
	p.ID = id
	return p, nil
}

// profileOf makes a profile of a stack: the nearest one that was recorded, with
// what is set here and the roots that lie here.
func profileOf(d *Document, s *Stack, o *opensslInfo) (*client.Profile, error) {
	base, nearness := nearestProfile(s)
	if base == "" {
		return nil, fmt.Errorf("nothing is known of how %s %s says hello", s.Name, s.Version)
	}
	p, err := client.Get(base)
	if err != nil {
		return nil, err
	}
	p.Product, p.Version, p.Library = s.Name, s.Version, s.Library
	p.Note = fmt.Sprintf("%s of this machine, after %s (%s).", s.Name, base, nearness)
	if hello := helloOf(s.Hello); hello != nil {
		p.Hello, p.Source = hello, client.Captured
		p.Note = fmt.Sprintf("Hello of %s of this machine; what it says to answers after %s (%s).", s.Name, base, nearness)
	} else {
		p.Source = client.Estimated
	}
	var set tlsSettings
	if o != nil && s.Library == o.version {
		set = o.settings
	} else {
		set.level = -1
	}
	switch {
	case strings.HasPrefix(s.Library, "OpenSSL "):
		applyOpenSSL(p, d, s, set)
	case s.ID == "java":
		applyJava(p, s)
	}
	if st := d.StoreOf(s); st != nil && len(st.ders) > 0 {
		p.Roots = st.anchors()
	}
	return p, nil
}

// anchors are the roots of a store to verify against. Rules for public CAs apply
// to those that are.
func (s *Store) anchors() *trust.Store {
	var certs []*trust.Certificate
	for _, der := range s.ders {
		if c, err := trust.ParseCertificate(der); err == nil {
			certs = append(certs, c)
		}
	}
	store := trust.NewStore("system", s.Path, certs...)
	store.Mixed = true
	return store
}
