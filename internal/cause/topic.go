package cause

// Topic is a chapter of the guide that is not about one cause: how a handshake
// goes, what to review, common questions.
type Topic struct {
	ID      string // never the id of a cause
	Title   string
	Summary string   // one sentence
	Text    []string // paragraphs
	Items   []Item
	Outro   string // a last paragraph, after the items
}

// Item is an entry of a topic: a step, a question, a problem, a check.
type Item struct {
	ID       string // unique within its topic, stable
	Title    string
	Text     string
	Step     Step     // StepUnknown where it concerns no single one
	Severity Severity // SeverityUnknown where it is not a problem
	Causes   []ID     // where to read on; for a check: the causes that turn it to "no"
	Next     string   // what to do about it
	Commands []string // shell commands; fill in with ExpandCommand
}

// ChecklistID is the topic whose items are the points of a report's checklist.
const ChecklistID = "checklist"

// Topics returns every topic in reading order. They are shared and must not be
// changed.
func Topics() []*Topic {
	all := make([]*Topic, len(topicTable))
	for i := range topicTable {
		all[i] = &topicTable[i]
	}
	return all
}

// GetTopic returns a topic by its id.
func GetTopic(id string) (*Topic, bool) {
	for i := range topicTable {
		if topicTable[i].ID == id {
			return &topicTable[i], true
		}
	}
	return nil, false
}

// Checklist returns the points that a report ticks off, in order.
func Checklist() []Item {
	t, ok := GetTopic(ChecklistID)
	if !ok {
		return nil
	}
	return t.Items
}
