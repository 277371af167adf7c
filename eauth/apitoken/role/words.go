package role

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxWords  = 1000 // of a compound target, which Python accepts; a list of ids is one word
	maxNested = 50   // parentheses; Python accepts 200, and a narrowed target adds some
)

// operators are the words of a compound target that match nothing.
var operators = []string{"and", "or", "not", "(", ")"}

// engine matches a word with an engine as Salt does (TARGET_REX): a letter, for
// some a delimiter, and an @.
var engine = regexp.MustCompile(`^(?:([GPIJ])(.)?@|([LNSERTM])@)(.+)$`)

// term is a word of a compound target that matches minions.
type term struct {
	engine    string // empty: a glob
	delimiter string
	pattern   string
}

func readTerm(word string) term {
	m := engine.FindStringSubmatch(word)
	if m == nil {
		return term{pattern: word}
	}
	t := term{engine: m[1] + m[3], delimiter: m[2], pattern: m[4]}
	if t.delimiter == "" && t.engine != "" && strings.Contains("GPIJ", t.engine) {
		t.delimiter = ":"
	}
	return t
}

// isWord reports whether a text is one word for Python, unchanged: Salt splits a
// target at all that Python regards as space.
func isWord(s string) bool {
	return s != "" && utf8.ValidString(s) &&
		!strings.ContainsFunc(s, func(r rune) bool { return r == ' ' || !unicode.IsPrint(r) })
}

// readCompound splits a compound target into words and makes sure that it keeps its
// meaning in parentheses: that it is one expression, with an operand on each side of
// each operator. Salt evaluates other texts too, but their meaning changes with what
// is around them: "web1 ) or ( db1" would escape any parentheses.
func readCompound(target string, check func(term) error) ([]string, error) {
	words := strings.Fields(target)
	if len(words) > maxWords {
		return nil, fmt.Errorf("more than %d words", maxWords)
	}
	operand, depth := true, 0 // whether an operand has to come; open parentheses
	for i, word := range words {
		switch {
		case !isWord(word):
			return nil, errors.New("a character that cannot be printed")
		case word == "(":
			if !operand {
				return nil, errNoExpression
			}
			depth++
		case word == ")":
			if operand || depth == 0 {
				return nil, errNoExpression
			}
			depth--
		case word == "not": // before it, "and" may be left out
			if i > 0 && words[i-1] == "not" {
				return nil, errNoExpression
			}
			operand = true
		case word == "and", word == "or":
			if operand {
				return nil, errNoExpression
			}
			operand = true
		case !operand:
			return nil, errNoExpression
		default:
			if err := check(readTerm(word)); err != nil {
				return nil, err
			}
			operand = false
		}
		if depth > maxNested {
			return nil, fmt.Errorf("more than %d parentheses in each other", maxNested)
		}
	}
	if operand || depth != 0 {
		return nil, errNoExpression
	}
	return words, nil
}

var errNoExpression = errors.New("no well-formed compound expression")

// grouped returns an expression as one operand.
func grouped(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	return "( " + strings.Join(words, " ") + " )"
}

func isOperator(word string) bool { return slices.Contains(operators, word) }
