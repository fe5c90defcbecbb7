package cli

import (
	"strings"
	"testing"
)

// No command may be called like what commandFor takes for a target.
func TestCommandFor(t *testing.T) {
	a := &app{}
	for _, c := range a.rootCommand().Commands() {
		if strings.ContainsAny(c.Name(), ".:/") || strings.HasPrefix(c.Name(), "-") {
			t.Errorf("the command %q looks like a target", c.Name())
		}
		if !a.commandFor([]string{c.Name(), "example.com"}).HasSubCommands() {
			t.Errorf("%s is not found", c.Name())
		}
	}
	for line, whole := range map[string]bool{
		"": true, "lab": true, "localhost": true, "--json example.com": true, "__complete example.com": true,
		"example.com --help": true, "example.com -h": true, "example.com -vh": true,
		"example.com": false, "example.com --json -v": false, "[::1]:443": false, "localhost:8443 --as curl-openssl": false, "https://localhost/x": false,
	} {
		if got := a.commandFor(strings.Fields(line)).HasSubCommands(); got != whole {
			t.Errorf("%q: the whole tree %v, want %v", line, got, whole)
		}
	}
}
