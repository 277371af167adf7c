package role

import (
	"slices"
	"strings"
)

// narrow returns the target of the minions that are requested and that match, for
// each of limits, one of its targets.
//
// It begins with the glob of all minions, which changes nothing for minions. But
// minions of Salt 3008 also match a target against the resources that they manage,
// and there globs, pillars and networks match nothing: "not db*" would match all
// resources, also those of db1, and for states db1 itself with them. With a glob
// that has to match too, no narrowed target matches a resource.
func narrow(asked []string, limits [][]string) string {
	parts := []string{everywhere}
	if len(asked) != 1 || asked[0] != everywhere {
		parts = append(parts, grouped(asked))
	}
	for _, targets := range limits {
		if p := union(targets); !slices.Contains(parts, p) {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, " and ")
}

// union returns the target of the minions that match one of several targets.
func union(targets []string) string {
	if len(targets) == 1 {
		return targets[0]
	}
	return "( " + strings.Join(targets, " or ") + " )"
}
