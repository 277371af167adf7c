package role

import (
	"slices"
	"strings"
)

// patternWithin reports whether every text that begins with a match of pattern p
// also begins with one of pattern of. It compares patterns that begin with plain
// characters and dots; for others it returns false, unless they are the same or of
// matches everything.
func patternWithin(p, of string) bool {
	if p == of {
		return true
	}
	outer := readPrefix(of)
	if !outer.complete {
		return false
	}
	inner := readPrefix(p)
	if len(inner.chars) < len(outer.chars) {
		return false
	}
	for i, c := range outer.chars {
		if c != anyChar && c != inner.chars[i] {
			return false
		}
	}
	return !outer.end || inner.complete && inner.end && len(inner.chars) == len(outer.chars)
}

// anyChar stands for a dot in a pattern.
const anyChar rune = -1

// prefix is the common beginning of all texts that a pattern matches.
type prefix struct {
	chars    []rune
	complete bool // the pattern has no other condition
	end      bool // except that the text ends there
}

// special are the special characters of Python's patterns.
const special = `\.^$*+?{}[]|()`

func readPrefix(pattern string) (p prefix) {
	// An alternative may begin in another way, and flags change what
	// characters mean.
	if strings.Contains(pattern, "(?") || hasAlternatives(pattern) {
		return prefix{}
	}
	in := []rune(pattern)
	for i := 0; i < len(in); i++ {
		c := in[i]
		rest := string(in[i:])
		switch {
		case rest == ".*":
			p.complete = true
			return p
		case rest == "$":
			p.complete, p.end = true, true
			return p
		case c == '.':
			p.chars = append(p.chars, anyChar)
		case c == '\\' && i+1 < len(in) && in[i+1] < 0x80 && !isWordChar(in[i+1]):
			i++
			p.chars = append(p.chars, in[i])
		case strings.ContainsRune("*?+{", c): // a quantifier of the character before
			p.chars = p.chars[:max(0, len(p.chars)-1)]
			return p
		case strings.ContainsRune(special, c):
			return p
		default:
			p.chars = append(p.chars, c)
		}
	}
	p.complete = true
	return p
}

func isWordChar(c rune) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// hasAlternatives reports whether a | may stand outside of parentheses.
func hasAlternatives(pattern string) bool {
	if !strings.Contains(pattern, "|") {
		return false
	}
	depth := 0
	in := []rune(pattern)
	for i := 0; i < len(in); i++ {
		switch in[i] {
		case '\\':
			i++
		case '[': // the end of a class is not looked for: any | after it counts
			return slices.Contains(in[i:], '|') || depth > 0
		case '(':
			depth++
		case ')':
			depth--
		case '|':
			if depth == 0 {
				return true
			}
		}
	}
	return false
}
