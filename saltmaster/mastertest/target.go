package mastertest

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// target finds the minions that tgt means, in the order of Options.Minions, and the names of a list that no minion has.
func (m *Master) target(tgt msgpack.Raw, tgtType string) (minions, missing []string) {
	pattern, _ := tgt.Str()
	var match func(id string) bool
	switch tgtType {
	case "glob":
		match = func(id string) bool {
			ok, err := path.Match(pattern, id)
			return ok && err == nil
		}
	case "pcre":
		match = m.compiled(pattern).MatchString
	case "list":
		names := strings.Split(pattern, ",")
		if tgt.Kind() == msgpack.Array {
			names = nil
			for _, e := range elements(tgt) {
				name, _ := e.Str()
				names = append(names, name)
			}
		}
		for _, name := range names {
			if _, ok := m.minions[name]; !ok {
				missing = append(missing, name)
			}
		}
		match = func(id string) bool { return slices.Contains(names, id) }
	default:
		return nil, nil
	}
	for _, minion := range m.opts.Minions {
		if match(minion.ID) {
			minions = append(minions, minion.ID)
		}
	}
	return minions, missing
}

// printed is a target as Python prints it.
func printed(tgt msgpack.Raw) string {
	if tgt.Kind() != msgpack.Array {
		s, _ := tgt.Str()
		return s
	}
	var names []string
	for _, e := range elements(tgt) {
		name, _ := e.Str()
		names = append(names, fmt.Sprintf("'%s'", name))
	}
	return "[" + strings.Join(names, ", ") + "]"
}
