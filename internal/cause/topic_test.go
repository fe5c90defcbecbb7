package cause_test

import (
	"slices"
	"testing"

	"github.com/tlswhy/tlswhy/internal/cause"
)

func itemIDs(items []cause.Item) []string {
	var ids []string
	for _, i := range items {
		ids = append(ids, i.ID)
	}
	return ids
}

// TestChecklist holds the ids and their order: they are part of the JSON output.
func TestChecklist(t *testing.T) {
	want := []string{
		"exact-hostname", "dns-expected", "covers-hostname", "chain-complete", "not-expired", "tls12-enabled", "tls13-enabled",
		"obsolete-not-required", "cipher-modern", "sni-correct", "edge-cert-valid", "origin-cert-valid", "no-interference", "logs-clean",
	}
	if got := itemIDs(cause.Checklist()); !slices.Equal(got, want) {
		t.Errorf("checklist is %v, want %v", got, want)
	}
}

func TestTopics(t *testing.T) {
	counts := map[string]int{"steps": 7, "problems": 9, "review": 7, "fixing": 9, "checklist": 14, "paths": 7, "api": 9}
	seen := map[string]bool{}
	for _, topic := range cause.Topics() {
		got, ok := cause.GetTopic(topic.ID)
		if !ok || got != topic {
			t.Errorf("GetTopic(%q) = %v, %v", topic.ID, got, ok)
		}
		if cause.ID(topic.ID).Valid() || seen[topic.ID] {
			t.Errorf("%s is also a cause or another topic", topic.ID)
		}
		seen[topic.ID] = true
		if n, known := counts[topic.ID]; known && n != len(topic.Items) {
			t.Errorf("%s has %d items, want %d", topic.ID, len(topic.Items), n)
		}
		if len(topic.Items) == 0 {
			t.Errorf("%s has no items", topic.ID)
		}
	}
	for id := range counts {
		if !seen[id] {
			t.Errorf("topic %s is missing", id)
		}
	}
	if _, ok := cause.GetTopic("expired"); ok {
		t.Error("a cause is no topic")
	}
}

func TestStepsTopicFollowsTheSteps(t *testing.T) {
	topic, _ := cause.GetTopic("steps")
	for i, s := range cause.Steps() {
		if topic.Items[i].Step != s || topic.Items[i].ID != s.String() {
			t.Errorf("item %d is %s at %v, want %v", i, topic.Items[i].ID, topic.Items[i].Step, s)
		}
		for _, id := range topic.Items[i].Causes {
			if c, _ := cause.Get(id); c.Step != s {
				t.Errorf("%s stands under %s and shows at %s", id, s, c.Step)
			}
		}
	}
}

// TestProblemsSeverity: the severity of a common problem is that of its first cause.
func TestProblemsSeverity(t *testing.T) {
	topic, _ := cause.GetTopic("problems")
	for _, i := range topic.Items {
		c, _ := cause.Get(i.Causes[0])
		if i.Severity != c.Severity || i.Next == "" {
			t.Errorf("%s: severity %v, its cause %s has %v; next %q", i.ID, i.Severity, c.ID, c.Severity, i.Next)
		}
	}
}

// TestEveryCauseIsReached: a reader who starts from the topics finds every cause
// that can block, by one link.
func TestEveryCauseIsReached(t *testing.T) {
	reached := map[cause.ID]bool{}
	for _, topic := range cause.Topics() {
		for _, i := range topic.Items {
			for _, id := range i.Causes {
				reached[id] = true
			}
		}
	}
	for id := range reached {
		c, _ := cause.Get(id)
		for _, n := range c.Near {
			reached[n] = true
		}
	}
	for _, c := range cause.All() {
		if !reached[c.ID] {
			t.Errorf("no topic leads to %s", c.ID)
		}
	}
}
