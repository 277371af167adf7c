package settings

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// decoder walks the YAML tree itself, because the errors of the library's
// strict mode name Go types, and an operator needs the key.
type decoder struct {
	name     string
	problems Problems
}

// field is a key of a map.
type field struct {
	key     string
	value   value
	meaning string // one line, for docs/configuration.md
}

// fields are the keys of a map, in the order of the documentation.
type fields []field

func (f fields) find(key string) (field, bool) {
	i := slices.IndexFunc(f, func(f field) bool { return f.key == key })
	if i < 0 {
		return field{}, false
	}
	return f[i], true
}

// value describes how the value of a key is read and shown.
type value struct {
	// read stores the value in its destination. The key is for its problems.
	read func(n *yaml.Node, key string)

	// kind is the type in the documentation, such as "duration".
	kind string

	// show returns the current value in the form of the file; "" is nothing.
	show func() string

	// keys are those of a map, or of each map in a list.
	keys   fields
	isList bool
}

// as replaces the kind.
func (v value) as(kind string) value {
	v.kind = kind
	return v
}

// or replaces the shown default by text, for one that is not in this package:
// it is zero here, and the default there.
func (v value) or(text string) value {
	show := v.show
	v.show = func() string {
		if now := show(); now != "" && now != "0" {
			return now
		}
		return text
	}
	return v
}

func (d *decoder) problem(line int, key, format string, args ...any) {
	d.problems = append(d.problems, Problem{
		File: d.name, Line: line, Key: key, Text: fmt.Sprintf(format, args...),
	})
}

// mapping calls the reader of each key in n. An empty value counts as absent.
func (d *decoder) mapping(n *yaml.Node, key string, known fields) {
	if isNull(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		d.problem(n.Line, key, "must be a map of settings")
		return
	}
	seen := make(map[string]int, len(n.Content)/2)
	for pair := range slices.Chunk(n.Content, 2) {
		k, v := pair[0], pair[1]
		path := join(key, k.Value)
		f, ok := known.find(k.Value)
		switch line := seen[k.Value]; {
		case k.Kind != yaml.ScalarNode || !ok:
			d.problem(k.Line, path, "unknown key")
		case line > 0:
			d.problem(k.Line, path, "is given already on line %d", line)
		case v.Kind == yaml.AliasNode:
			// No value is long enough to need an alias, and without aliases a
			// small file cannot become a large tree.
			d.problem(v.Line, path, "YAML aliases are not read here")
		case !isNull(v):
			f.value.read(v, path)
		}
		seen[k.Value] = k.Line
	}
}

// section is a map of settings. The checks find the problems of the map as a
// whole, after it was read.
func (d *decoder) section(known fields, checks ...func(n *yaml.Node, key string)) value {
	return value{
		kind: "map", keys: known,
		read: func(n *yaml.Node, key string) {
			d.mapping(n, key, known)
			for _, check := range checks {
				check(n, key)
			}
		},
	}
}

// entries is a list of maps. Each call of entry returns the keys of a new one;
// done checks and keeps it after it was read.
func (d *decoder) entries(entry func() (known fields, done func(n *yaml.Node, key string))) value {
	known, _ := entry()
	v := d.list(value{kind: "map", read: func(n *yaml.Node, key string) {
		known, done := entry()
		d.mapping(n, key, known)
		done(n, key)
	}})
	v.kind, v.keys, v.show = "list of maps", known, func() string { return "[]" }
	return v
}

// list is a list whose items are all of one kind. Each item is appended to the
// existing ones.
func (d *decoder) list(item value) value {
	return value{
		kind: "list of " + item.kind, show: item.show, isList: true,
		read: func(n *yaml.Node, key string) {
			if n.Kind != yaml.SequenceNode {
				d.problem(n.Line, key, "must be a list")
				return
			}
			for i, v := range n.Content {
				path := fmt.Sprintf("%s[%d]", key, i)
				if v.Kind == yaml.AliasNode || isNull(v) {
					d.problem(v.Line, path, "must have a value of its own")
					continue
				}
				item.read(v, path)
			}
		},
	}
}

// textOrList is a list, or one item that stands for a list of one.
func (d *decoder) textOrList(item value) value {
	list := d.list(item)
	return value{
		kind: item.kind + ", or a list", show: item.show, isList: true,
		read: func(n *yaml.Node, key string) {
			if n.Kind == yaml.ScalarNode {
				item.read(n, key)
				return
			}
			list.read(n, key)
		},
	}
}

// replaced is a list that replaces its default.
func replaced[T any](to *[]T, list value) value {
	read := list.read
	list.read = func(n *yaml.Node, key string) {
		*to = []T{}
		read(n, key)
	}
	return list
}

func isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

func hasKey(n *yaml.Node, key string) bool {
	for pair := range slices.Chunk(n.Content, 2) {
		if pair[0].Value == key && !isNull(pair[1]) {
			return true
		}
	}
	return false
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
