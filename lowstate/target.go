package lowstate

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// The forms of a tgt by tgt_type, as the master's clients read them.
const (
	tgtWords = iota + 1 // an expression, or the list of its words
	tgtGroup            // the name of a nodegroup
)

var tgtTypes = map[string]int{"compound": tgtWords, "nodegroup": tgtGroup}

// bytesOfWords is how many bytes of an expression cost a unit of the budget:
// its shortest words have two, and are held as texts of their own.
const bytesOfWords = 4

// noTgtType stands for a tgt_type that is empty or not text. No master has a
// matcher of this name.
const noTgtType = "None"

// target returns the chunk's tgt and tgt_type, in the form of the master. The
// master decides which minions match: none, if it has no matcher for the type,
// or if the tgt is not of its matcher's form.
func (m *Master) target(c Chunk) (tgt msgpack.Raw, tgtType string, err error) {
	tgtType = c.targetType()
	tgt, ok := c.Get("tgt")
	if !ok {
		return nil, "", errors.New("tgt is missing")
	}
	switch form := tgtTypes[tgtType]; {
	case form == tgtWords && isWords(tgt):
		if err := c.budget.Spend(len(tgt) / bytesOfWords); err != nil {
			return nil, "", err
		}
		return m.compound(c.budget, words(tgt))
	case form == tgtWords:
		return nil, "", fmt.Errorf("tgt must be a string or a list of strings for tgt_type %s", tgtType)
	case form == tgtGroup && tgt.Kind() == msgpack.Str:
		name, _ := tgt.Str()
		return m.compound(c.budget, []string{"N@" + name})
	case form == tgtGroup:
		return nil, "", fmt.Errorf("tgt must be a string for tgt_type %s", tgtType)
	default:
		return tgt, tgtType, nil
	}
}

func (c Chunk) targetType() string {
	t, ok := c.stringOr("tgt_type", "glob")
	if !ok || strings.TrimSpace(t) == "" {
		return noTgtType
	}
	return t
}

// isWords reports whether a value holds the words of an expression: text,
// texts, or an object, whose keys Python uses.
func isWords(tgt msgpack.Raw) bool {
	switch tgt.Kind() {
	case msgpack.Str:
		return true
	case msgpack.Array:
		return allStrings(tgt)
	case msgpack.Map:
		return tgt.Each(func(k, _ msgpack.Raw) error {
			if k.Kind() != msgpack.Str {
				return errNotText
			}
			return nil
		}) == nil
	}
	return false
}

// compound returns a compound target of the words, with nodegroups expanded.
func (m *Master) compound(b *budget.Budget, words []string) (tgt msgpack.Raw, tgtType string, err error) {
	expression, err := m.Nodegroups.expression(b, words)
	return msgpack.AppendString(nil, expression), "compound", err
}

// words returns the words of an expression that is text, a list, or the keys of
// an object.
func words(tgt msgpack.Raw) []string {
	if s, ok := tgt.Str(); ok {
		return strings.Fields(s)
	}
	var list []string
	if tgt.Kind() == msgpack.Map {
		_ = tgt.Each(func(k, _ msgpack.Raw) error {
			word, _ := k.Str()
			list = append(list, word)
			return nil
		})
		return list
	}
	_ = tgt.Elems(func(e msgpack.Raw) error {
		word, _ := e.Str()
		list = append(list, word)
		return nil
	})
	return list
}

func allStrings(v msgpack.Raw) bool {
	return v.Elems(func(e msgpack.Raw) error {
		if e.Kind() != msgpack.Str {
			return errors.New("not a string")
		}
		return nil
	}) == nil
}

// Nodegroups are the master's nodegroups: the words of each one's compound
// expression. The master expects its clients to expand them, and treats one
// that is not expanded as a target without minions.
type Nodegroups map[string][]string

// operators are the words of a compound expression that match no minions.
var operators = []string{"and", "or", "not", "(", ")"}

// Expand replaces the nodegroups among the words of a compound expression.
func (n Nodegroups) Expand(words []string) ([]string, error) { return n.expand(nil, words, nil) }

// expression returns a compound expression in which the nodegroups, written as
// N@name, are expanded.
func (n Nodegroups) expression(b *budget.Budget, words []string) (string, error) {
	words, err := n.expand(b, words, nil)
	return strings.Join(words, " "), err
}

// expand replaces the nodegroups among words. within are those that are being
// expanded. The words of a nodegroup are charged to the budget.
func (n Nodegroups) expand(b *budget.Budget, words, within []string) ([]string, error) {
	all := make([]string, 0, len(words))
	for _, word := range words {
		name, isGroup := strings.CutPrefix(word, "N@")
		if !isGroup || name == "" {
			all = append(all, word)
			continue
		}
		group, err := n.group(b, name, within)
		if err != nil {
			return nil, err
		}
		cost := 1
		for _, w := range group {
			cost += 1 + len(w)/bytesOfWords
		}
		if err := b.Spend(cost); err != nil {
			return nil, err
		}
		all = append(all, group...)
	}
	return all, nil
}

// group returns the expansion of one nodegroup.
func (n Nodegroups) group(b *budget.Budget, name string, within []string) ([]string, error) {
	words, ok := n[name]
	switch {
	case !ok:
		return nil, fmt.Errorf("tgt: the master has no nodegroup %q", printable(name))
	case len(words) == 0:
		return nil, fmt.Errorf("tgt: the nodegroup %q is empty", printable(name))
	case slices.Contains(within, name):
		return nil, fmt.Errorf("tgt: the nodegroup %q contains itself", printable(name))
	}
	if list, ok := plainList(words); ok {
		return []string{list}, nil
	}
	inner, err := n.expand(b, words, append(slices.Clone(within), name))
	if err != nil {
		return nil, err
	}
	return append(append([]string{"("}, inner...), ")"), nil
}

// typed matches a word that begins with its matcher.
var typed = regexp.MustCompile(`^[A-Z]@`)

// plainList makes one word of a nodegroup that only lists minion ids. If an id
// has characters of a regular expression, all are matched as such.
func plainList(words []string) (string, bool) {
	matcher := "L@"
	for _, word := range words {
		if slices.Contains(operators, word) || strings.Contains(word, "*") || typed.MatchString(word) {
			return "", false
		}
		if strings.ContainsAny(word, `([{\?}])`) {
			matcher = "E@"
		}
	}
	return matcher + strings.Join(words, ","), true
}
