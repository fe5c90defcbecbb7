package cause

import (
	"slices"
	"strings"
)

// hasWord reports whether text contains word, in any case, with no letter or
// digit right before or after it: "ESET" is not in "RESET CA". The word must be
// in lower case.
func hasWord(lower, word string) bool {
	for from := 0; from <= len(lower)-len(word); {
		i := strings.Index(lower[from:], word)
		if i < 0 {
			return false
		}
		start := from + i
		end := start + len(word)
		if (start == 0 || !isAlnum(lower[start-1])) && (end == len(lower) || !isAlnum(lower[end])) {
			return true
		}
		from = start + 1
	}
	return false
}

func isAlnum(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' }

func anyWord(text string, words []string) bool {
	if text == "" || len(words) == 0 {
		return false
	}
	return anyLowerWord(strings.ToLower(text), words)
}

// anyLowerWord is anyWord for text that is lower case already.
func anyLowerWord(lower string, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return hasWord(lower, w) })
}
