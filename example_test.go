package tlswhy_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tlswhy/tlswhy"
)

// Why can a Java 17 client not connect?
func ExampleCheck() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r, err := tlswhy.Check(ctx, "https://example.com/", tlswhy.Options{Client: "java-17"})
	if err != nil && r == nil {
		fmt.Println("the check could not begin:", err)
		return
	}
	root := r.Root()
	if root == nil {
		fmt.Println("it connects")
		return
	}
	fmt.Println("at step", root.Step, "because of", root.Cause)
	if root.Confidence == tlswhy.Proved {
		fmt.Println("proof:", root.Proof.Change)
	}
	for _, f := range root.Fix {
		fmt.Println(f.For, f.Text)
	}
}

// Many targets, with files read once and a deadline for each.
func ExampleNew() {
	c, err := tlswhy.New(tlswhy.Options{CAFile: "company-roots.pem", Gentle: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range []string{"intranet.example.com", "smtp://mail.example.com"} {
		t, err := c.ParseTarget(s)
		if err != nil {
			fmt.Println(err)
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		r, err := c.Check(ctx, t)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			fmt.Println(s, "took too long; so far:", r.Verdict)
			continue
		}
		fmt.Println(s, r.Verdict)
	}
	// Output:
	// CA file "company-roots.pem": no such file or directory
}

// What does a server accept, and who is kept out?
func ExampleSurvey() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s, err := tlswhy.Survey(ctx, "example.com", tlswhy.Options{})
	if s == nil {
		fmt.Println("the survey could not begin:", err)
		return
	}
	for _, v := range s.Versions {
		fmt.Println(v, s.Suites[v.String()].List)
	}
	for _, l := range s.LocksOut {
		fmt.Println(l.Text, "keeps out", l.Clients)
	}
	if !s.Complete {
		fmt.Println("not all was asked for:", s.Notes)
	}
}
