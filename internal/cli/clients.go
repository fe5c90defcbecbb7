package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tlswhy/tlswhy"
	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/render"
)

// clientsListSchema names the document of clients --list.
const clientsListSchema = "tlswhy/clients-list/v1"

type clientsList struct {
	Schema  string        `json:"schema"`
	Clients []clientEntry `json:"clients"`
}

type clientEntry struct {
	ID       string        `json:"id"`
	Kind     client.Kind   `json:"kind"`
	Group    string        `json:"group"` // product without a version, as tables call it
	Label    string        `json:"label"` // version, in short
	Product  string        `json:"product"`
	Version  string        `json:"version"`
	Family   string        `json:"family"`
	Library  string        `json:"library"`
	Year     int           `json:"year,omitempty"` // of the version's release
	Source   client.Source `json:"source"`
	Sources  []string      `json:"sources"` // documents that were read
	Roots    string        `json:"roots"`   // its store: a programme, with a month; system; none
	SendsSNI bool          `json:"sends_sni"`
	Verifies bool          `json:"verifies"` // the chain
	Note     string        `json:"note"`
}

// clientsFlags are those of check, and whom to tell of.
type clientsFlags struct {
	checkFlags
	list     bool
	families []string
	change   string
}

func (a *app) clientsCommand() *cobra.Command {
	f := new(clientsFlags)
	cmd := &cobra.Command{
		Use:   "clients TARGET",
		Short: "Show which real clients can connect, which cannot, and why not",
		Long: `clients tells which of the known clients can connect to one address of TARGET:
browsers, languages, tools, mail servers, proxies and CDNs, by family and year,
with what keeps the others out and which single change would let them in.

One survey of the server is enough for most: what a client would meet is
predicted where that is exact, and tried with its own hello where it is not.
Profiles were captured from the real program, or read from its makers'
documents; --list says which.

--if shows whom a change would lose or let in, before anyone makes it:

  versions=1.2,1.3               exactly these; versions=-1.0 one less
  suites=-3DES                   also +TLS_…, OpenSSL's names, CBC, RC4, RSA
  groups=+X25519MLKEM768         one more
  certificate=+ECDSA:P-256       a second one, or a PEM file in its place
  chain=+intermediate.pem        the same leaf with this sent besides

Exit status: that of the client that --as names, modern by default: 0 it
connects, 1 it fails, 3 could not tell; 2 wrong usage, 130 interrupted.`,
		Example: `  tlswhy clients example.com
  tlswhy clients example.com -v
  tlswhy clients example.com --family java,node
  tlswhy clients example.com --if 'versions=1.2,1.3 suites=-CBC'
  tlswhy clients origin.example.com --family cdn,proxy --connect 192.0.2.7
  tlswhy clients --list`,
		Args:              atMostOne,
		ValidArgsFunction: completeTargets,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case f.list && len(args) > 0:
				return fmt.Errorf("--list lists what is known, and takes no target: %q", args[0])
			case f.list:
				return a.listClients(f)
			case len(args) == 0:
				return errors.New("give a target, as in: tlswhy clients example.com; --list lists the clients")
			case f.echConfig != "":
				return errors.New("clients encrypts no hello: --ech-config is for check")
			}
			return a.clients(cmd.Context(), f, args[0])
		},
	}
	f.register(cmd)
	fs := cmd.Flags()
	fs.BoolVar(&f.list, "list", false, "list the clients that are known, for --as")
	group(fs, groupCompare, "list")
	fs.StringSliceVar(&f.families, "family", nil, "tell of these alone: `NAMES` of kinds (browser, proxy), products\n(Chrome, Java), TLS libraries or ids, as they begin")
	group(fs, groupCompare, "family")
	fs.StringVar(&f.change, "if", "", "show whom a `CHANGE` of the server would lose or let in")
	group(fs, groupCompare, "if")
	fs.Lookup("budget").Usage = "open `N` connections at most; default 2000"
	fs.Lookup("verbose").Usage = "show every client in a row of its own"
	_ = fs.MarkHidden("ech-config") // it is there
	a.completeFlags(cmd)
	_ = cmd.RegisterFlagCompletionFunc("family", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return tlswhy.Families(), cobra.ShellCompDirectiveNoFileComp
	})
	_ = cmd.RegisterFlagCompletionFunc("if", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var out []string
		for _, s := range []string{"versions", "suites", "groups", "certificate", "chain"} {
			out = append(out, s+"=")
		}
		return out, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

// clients tells who can connect to a target.
func (a *app) clients(ctx context.Context, f *clientsFlags, target string) error {
	format, explicit, err := f.form()
	if err != nil {
		return err
	}
	p := a.newProgress(f.timeout)
	o, err := f.options(time.Now())
	if err != nil {
		return err
	}
	o.Progress = p.attempt
	c, err := a.newChecker(o)
	if err != nil {
		return withHint(err)
	}
	t, err := c.ParseTarget(target)
	if err != nil {
		return err
	}
	out, err := a.open(f.output)
	if err != nil {
		return err
	}
	defer out.abandon()
	p.begin([]tlswhy.Target{t})
	r, err := c.Compatibility(ctx, t, tlswhy.ClientsOptions{Families: f.families, If: f.change})
	p.end()
	interrupted := ctx.Err() != nil
	switch {
	case r == nil && interrupted:
		return verdictExit(nil, true)
	case r == nil:
		return withHint(err)
	}
	if interrupted {
		r.Notes = append(r.Notes, "interrupted before the end: this is what was known by then")
	}
	err = a.deliverAs(out, a.view(f.verbose, f.noColor), format, explicit, func(w io.Writer, format render.Format, o render.Options) error {
		return render.Clients(w, format, r, o)
	})
	if err != nil {
		return err
	}
	return verdictExit([]tlswhy.Verdict{r.Verdict()}, interrupted)
}

// listClients lists the clients that are known.
func (a *app) listClients(f *clientsFlags) error {
	format, _, err := f.form()
	if err != nil {
		return err
	}
	doc := clientsList{Schema: clientsListSchema, Clients: []clientEntry{}}
	rows := [][]string{{"client", "what it is", "library", "year", "source"}}
	profiles := tlswhy.ClientProfiles(f.families)
	if len(profiles) == 0 {
		return withHint(&tlswhy.UnknownFamilyError{Families: f.families})
	}
	for _, p := range profiles {
		doc.Clients = append(doc.Clients, clientEntry{
			ID: p.ID, Kind: p.Kind, Group: p.Group, Label: p.Label,
			Product: p.Product, Version: p.Version, Family: p.Family, Library: p.Library,
			Year: p.Year, Source: p.Source, Sources: append([]string{}, p.Sources...), Roots: p.Policy.Store,
			SendsSNI: p.Policy.SendsSNI, Verifies: p.Policy.VerifiesChain, Note: p.Note,
		})
		year := ""
		if p.Year > 0 {
			year = strconv.Itoa(p.Year)
		}
		rows = append(rows, []string{p.ID, strings.TrimSpace(p.Product + " " + p.Version), p.Library, year, string(p.Source)})
	}
	out, err := a.open(f.output)
	if err != nil {
		return err
	}
	defer out.abandon()
	if format == render.JSON {
		err = render.WriteJSON(out, doc)
	} else {
		err = render.Table(out, rows, a.view(false, f.noColor))
	}
	if err != nil {
		return err
	}
	return out.commit()
}
