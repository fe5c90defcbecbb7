// Command hello prints one line. It is what a Go program takes at the least, to
// compare the start of tlswhy with.
package main

import "fmt"

func main() { fmt.Println("hello") }
