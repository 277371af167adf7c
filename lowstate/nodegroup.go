package lowstate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/internal/budget"
)

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
