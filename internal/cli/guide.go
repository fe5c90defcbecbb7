package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/render"
)

func (a *app) guideCommand() *cobra.Command {
	var asJSON, noColor bool
	var software string
	cmd := &cobra.Command{
		Use:   "guide [CAUSE|CHAPTER|STEP]…",
		Short: "Read the catalogue: causes, how they show, how to fix them",
		Long: `guide shows the catalogue of causes: what each is, how it shows in browsers,
tools and logs, how to make sure, how to fix it in which software, and how to
know that it is gone. Its chapters are about the rest: the seven steps, common
problems, error texts, CDNs, a checklist. Without an argument it lists them.`,
		Example: `  tlswhy guide
  tlswhy guide incomplete-chain --for nginx
  tlswhy guide verify
  tlswhy guide problems`,
		ValidArgsFunction: func(_ *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			return guideNames(true), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			return a.guide(args, software, asJSON, noColor)
		},
	}
	cmd.Flags().StringVar(&software, "for", "", "show the fixes for `SOFTWARE` alone: nginx, apache, haproxy, java-8u51, …")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&noColor, "no-color", false, "no colours; the environment's NO_COLOR does the same")
	_ = cmd.RegisterFlagCompletionFunc("for", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var ids []string
		for _, s := range cause.AllSoftware() {
			ids = append(ids, s.ID+"\t"+s.Name)
		}
		return ids, cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

func (a *app) guide(args []string, software string, asJSON, noColor bool) error {
	if software != "" {
		if _, ok := cause.LookupSoftware(software); !ok {
			return fmt.Errorf("--for %q: no fixes are written for that; there are some for %s", software, strings.Join(softwareIDs(), ", "))
		}
	}
	causes, topics, listOnly, err := look(args)
	if err != nil {
		return err
	}
	view := a.view(false, noColor)
	switch {
	case asJSON:
		return render.GuideJSON(a.out, causes, topics, software)
	case len(args) == 0:
		return render.GuideIndex(a.out, causes, topics, view)
	case listOnly:
		return render.GuideSteps(a.out, causes, view)
	}
	return render.Guide(a.out, causes, topics, software, view)
}

// look finds what the arguments name; none is everything. Steps stand for their
// causes, and are only listed.
func look(args []string) (causes []*cause.Cause, topics []*cause.Topic, listOnly bool, err error) {
	if len(args) == 0 {
		return cause.All(), cause.Topics(), false, nil
	}
	listOnly = true
	for _, arg := range args {
		name := strings.ToLower(arg)
		if c, ok := cause.Get(cause.ID(name)); ok {
			causes, listOnly = append(causes, c), false
			continue
		}
		if t, ok := cause.GetTopic(name); ok {
			topics, listOnly = append(topics, t), false
			continue
		}
		step, err := cause.ParseStep(name)
		if err != nil || step == cause.StepUnknown {
			return nil, nil, false, fmt.Errorf("no cause, chapter or step is called %q%s (tlswhy guide lists them)", arg, didYouMean(name, guideNames(false)))
		}
		for _, c := range cause.All() {
			if c.Step == step {
				causes = append(causes, c)
			}
		}
	}
	return causes, topics, listOnly, nil
}

// guideNames are the arguments that guide takes, for completion with titles.
func guideNames(titles bool) []string {
	var names []string
	add := func(id, title string) {
		if titles {
			id += "\t" + title
		}
		names = append(names, id)
	}
	for _, c := range cause.All() {
		add(string(c.ID), c.Title)
	}
	for _, t := range cause.Topics() {
		add(t.ID, t.Title)
	}
	for _, s := range cause.Steps() {
		add(s.String(), "causes at this step")
	}
	return names
}

func softwareIDs() []string {
	var ids []string
	for _, s := range cause.AllSoftware() {
		ids = append(ids, s.ID)
	}
	return ids
}
