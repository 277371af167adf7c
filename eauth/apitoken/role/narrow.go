package role

import (
	"slices"
	"strings"
)

// narrow writes the target of the minions that are asked for and, for each of
// limits, match one of its targets.
//
// In front stands the glob of all minions. It changes nothing for minions. But
// those of Salt 3008 also ask whether a target means one of the resources that
// they manage, and of globs, pillars and networks they say no then: "not db*"
// would mean all resources, also those of db1, and for states db1 itself with
// them. With a glob that has to match as well, no narrowed target means a
// resource.
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

// union writes the targets of minions that match one of several.
func union(targets []string) string {
	if len(targets) == 1 {
		return targets[0]
	}
	return "( " + strings.Join(targets, " or ") + " )"
}
