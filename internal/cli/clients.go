package cli

import (
	"errors"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

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
	ID      string        `json:"id"`
	Product string        `json:"product"`
	Version string        `json:"version"`
	Family  string        `json:"family"`
	Library string        `json:"library"`
	Year    int           `json:"year,omitempty"` // of the version's release
	Source  client.Source `json:"source"`
	Roots   string        `json:"roots"` // its store: mozilla, system, none
	Note    string        `json:"note"`
}

func (a *app) clientsCommand() *cobra.Command {
	var list, asJSON, noColor bool
	cmd := &cobra.Command{
		Use:   "clients --list",
		Short: "List the clients that --as knows",
		Long: `clients --list prints the clients from whose point of view a target can be
checked (--as), and where each profile comes from: "captured" from the real
program, or "documented" by its makers.`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			if !list {
				return errors.New("clients needs --list")
			}
			return a.clients(asJSON, noColor)
		},
	}
	cmd.Flags().BoolVar(&list, "list", false, "list them")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&noColor, "no-color", false, "no colours; the environment's NO_COLOR does the same")
	return cmd
}

func (a *app) clients(asJSON, noColor bool) error {
	doc := clientsList{Schema: clientsListSchema, Clients: []clientEntry{}}
	rows := [][]string{{"client", "what it is", "library", "year", "source"}}
	for _, p := range client.All() {
		doc.Clients = append(doc.Clients, clientEntry{
			ID: p.ID, Product: p.Product, Version: p.Version, Family: p.Family, Library: p.Library,
			Year: p.Year, Source: p.Source, Roots: p.Policy.Store, Note: p.Note,
		})
		year := ""
		if p.Year > 0 {
			year = strconv.Itoa(p.Year)
		}
		rows = append(rows, []string{p.ID, strings.TrimSpace(p.Product + " " + p.Version), p.Library, year, string(p.Source)})
	}
	if asJSON {
		return render.WriteJSON(a.out, doc)
	}
	return render.Table(a.out, rows, a.view(false, noColor))
}
