package main

import (
	"bytes"
	"fmt"
)

// writeNames emits the sorted name tables. They are composite literals of
// constants, so the linker lays them out and start-up costs nothing.
func writeNames(b *bytes.Buffer, regs map[string]*registry, alpn [][2]string) error {
	for i := range registries {
		r := regs[registries[i].file]
		if r.table == "" {
			continue
		}
		fmt.Fprintf(b, "var %s = [...]named[%s]{\n", r.table, r.goType)
		for _, e := range r.entries {
			if r.digits > 0 {
				fmt.Fprintf(b, "{0x%0*X, %q},\n", r.digits, e.value, e.name)
			} else {
				fmt.Fprintf(b, "{%d, %q},\n", e.value, e.name)
			}
		}
		b.WriteString("}\n\n")
	}
	b.WriteString("var alpnNames = [...]struct{ id, name string }{\n")
	for _, e := range alpn {
		fmt.Fprintf(b, "{%q, %q},\n", e[0], e[1])
	}
	b.WriteString("}\n")
	return nil
}
