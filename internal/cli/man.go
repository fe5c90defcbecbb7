package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tlswhy/tlswhy"
)

// ManPage is the manual page in roff, made of what --help prints.
func ManPage() string {
	a := &app{in: strings.NewReader(""), out: io.Discard, err: io.Discard, getenv: func(string) string { return "" }}
	root := a.rootCommand()
	root.InitDefaultCompletionCmd()
	var b strings.Builder
	fmt.Fprintf(&b, ".TH TLSWHY 1 \"\" \"tlswhy %s\" \"User Commands\"\n", roff(tlswhy.Version()))
	b.WriteString(".SH NAME\ntlswhy \\- say why a TLS connection fails, and prove it\n")
	b.WriteString(".SH SYNOPSIS\n.B tlswhy\n[\\fIflags\\fR] \\fITARGET\\fR...\n.br\n.B tlswhy\n\\fICOMMAND\\fR [\\fIflags\\fR]\n")
	b.WriteString(".SH DESCRIPTION\n")
	writeRoffText(&b, root.Long)
	b.WriteString(".SH COMMANDS\n")
	for _, c := range visible(root) {
		fmt.Fprintf(&b, ".SS %s\n", roff(strings.TrimPrefix(useLine(c), "tlswhy ")))
		writeRoffText(&b, c.Long)
		if c.Name() != "check" && c.Name() != "retest" {
			c.Flags().VisitAll(func(f *pflag.Flag) {
				// survey has check's flags, which stand below, and some of its own.
				if c.Name() != "survey" || find(root, "check").Flags().Lookup(f.Name) == nil {
					writeRoffFlag(&b, f)
				}
			})
		}
		if c.Example != "" {
			fmt.Fprintf(&b, ".PP\n.nf\n%s\n.fi\n", roff(strings.TrimRight(c.Example, "\n")))
		}
	}
	b.WriteString(".SH FLAGS OF CHECK, SURVEY AND RETEST\n")
	for _, g := range flagGroups(find(root, "check")) {
		fmt.Fprintf(&b, ".SS %s\n", g.name)
		for _, f := range g.flags {
			writeRoffFlag(&b, f)
		}
	}
	b.WriteString(manTail)
	return b.String()
}

const manTail = `.SH EXIT STATUS
.TP
.B 0
The client connects, perhaps with warnings; a survey is finished.
.TP
.B 1
It cannot connect; of several targets, at least one fails.
.TP
.B 2
Wrong usage or unreadable input: one line on standard error, nothing on standard output.
.TP
.B 3
Could not tell.
.TP
.B 130
Interrupted; what was known by then is printed.
.SH ENVIRONMENT
.TP
.B NO_COLOR
If set and not empty, no colours.
.TP
.B SSL_CERT_FILE, SSL_CERT_DIR
Where clients that use the system's roots find them.
.SH SEE ALSO
.BR openssl-s_client (1ssl),
.BR curl (1)
`

func find(root *cobra.Command, name string) *cobra.Command {
	for _, c := range root.Commands() {
		if c.Name() == name {
			return c
		}
	}
	return root
}

func writeRoffFlag(b *strings.Builder, f *pflag.Flag) {
	if f.Hidden || f.Name == "help" {
		return
	}
	value, usage := pflag.UnquoteUsage(f)
	head := `\fB\-\-` + roff(f.Name) + `\fR`
	if f.Shorthand != "" {
		head = `\fB\-` + f.Shorthand + `\fR, ` + head
	}
	if f.Value.Type() != "bool" {
		head += ` \fI` + roff(value) + `\fR`
	}
	fmt.Fprintf(b, ".TP\n%s\n%s\n", head, roff(strings.Join(strings.Fields(usage), " ")))
}

// writeRoffText writes paragraphs; indented lines are shown as they are.
func writeRoffText(b *strings.Builder, text string) {
	literal := false
	set := func(on bool) {
		if on != literal {
			b.WriteString(map[bool]string{true: ".PP\n.nf\n", false: ".fi\n"}[on])
			literal = on
		}
	}
	for row := range strings.Lines(strings.TrimSpace(text) + "\n") {
		row = strings.TrimRight(row, "\n")
		switch {
		case row == "":
			set(false)
			b.WriteString(".PP\n")
		default:
			set(strings.HasPrefix(row, "  "))
			b.WriteString(roff(row) + "\n")
		}
	}
	set(false)
}

// roff escapes what troff would take for a request or a special character.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", "...", "'", `\(aq`).Replace(s)
	rows := strings.Split(s, "\n")
	for i, r := range rows {
		if strings.HasPrefix(r, ".") {
			rows[i] = `\&` + r
		}
	}
	return strings.Join(rows, "\n")
}
