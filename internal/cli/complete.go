package cli

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tlswhy/tlswhy"
	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/env"
	"github.com/tlswhy/tlswhy/internal/lab"
	"github.com/tlswhy/tlswhy/internal/render"
)

// completeFlags registers what the shells complete for the flags of a command
// that checks. cobra refuses only flags that do not exist; a test completes each.
func (a *app) completeFlags(cmd *cobra.Command) {
	fixed := func(values ...string) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return values, cobra.ShellCompDirectiveNoFileComp
		}
	}
	pem := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{"pem", "crt", "cer", "key"}, cobra.ShellCompDirectiveFilterFileExt
	}
	formats := make([]string, 0, len(render.Formats()))
	for _, f := range render.Formats() {
		formats = append(formats, string(f))
	}
	for flag, complete := range map[string]func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective){
		"as": func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
			if file, ok := strings.CutPrefix(begun, "@"); ok {
				return clientFiles(file), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
			}
			return clientNames(), cobra.ShellCompDirectiveNoFileComp
		},
		"starttls": fixed(tlswhy.StartTLSProtocols()...),
		"format":   fixed(formats...),
		"sni":      fixed("none"),
		"ca-file":  pem, "cert": pem, "key": pem,
		"ech-config": func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveDefault // any file
		},
		"connect": fixed(), "proxy": fixed(), "resolver": fixed(), "expect-address": fixed(), "at": fixed(),
		"timeout": fixed("10s", "30s", "2m"), "budget": fixed(), "rate": fixed(),
	} {
		_ = cmd.RegisterFlagCompletionFunc(flag, complete)
	}
}

func clientNames() []string {
	names := []string{env.LocalID + "\tthis machine (tlswhy env)"}
	for _, p := range client.All() {
		names = append(names, p.ID+"\t"+p.Product+" "+p.Version)
	}
	return names
}

// clientFiles are the files and folders that a name after the @ may become.
func clientFiles(begun string) []string {
	folder, prefix := filepath.Split(begun)
	entries, err := os.ReadDir(cmp.Or(folder, "."))
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, prefix) || prefix == "" && strings.HasPrefix(name, ".") {
			continue
		}
		if e.IsDir() {
			name += "/"
		}
		out = append(out, "@"+folder+name)
	}
	return out
}

func labNames() []string {
	var names []string
	for _, s := range lab.Catalogue() {
		names = append(names, s.Name+"\t"+s.Title)
	}
	return names
}

// completeTargets: targets are not to be guessed, and are no files.
func completeTargets(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveNoFileComp
}
