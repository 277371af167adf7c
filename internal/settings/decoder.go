package settings

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// decoder walks the YAML tree itself, because the library's strict mode names
// Go types where an operator needs a key.
type decoder struct {
	name     string
	problems Problems
}

// reader takes one value into the place that it was made for. The key is for
// its problems.
type reader func(n *yaml.Node, key string)

// fields are the keys that a map may have.
type fields map[string]reader

func (d *decoder) problem(line int, key, format string, args ...any) {
	d.problems = append(d.problems, Problem{
		File: d.name, Line: line, Key: key, Text: fmt.Sprintf(format, args...),
	})
}

// mapping hands each value of n to the reader of its key. A value left empty
// is one not given.
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
		read := known[k.Value]
		switch line := seen[k.Value]; {
		case k.Kind != yaml.ScalarNode || read == nil:
			d.problem(k.Line, path, "unknown key")
		case line > 0:
			d.problem(k.Line, path, "is given already on line %d", line)
		case v.Kind == yaml.AliasNode:
			// Nothing here is long enough to be worth an alias, and without
			// them a small file cannot become a large tree.
			d.problem(v.Line, path, "YAML aliases are not read here")
		case !isNull(v):
			read(v, path)
		}
		seen[k.Value] = k.Line
	}
}

// section reads a map of settings.
func (d *decoder) section(known fields) reader {
	return func(n *yaml.Node, key string) { d.mapping(n, key, known) }
}

// list reads a list whose items are all of one kind.
func (d *decoder) list(item reader) reader {
	return func(n *yaml.Node, key string) {
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
			item(v, path)
		}
	}
}

// textOrList reads a list, or one item that stands for a list of it alone.
func (d *decoder) textOrList(item reader) reader {
	return func(n *yaml.Node, key string) {
		if n.Kind == yaml.ScalarNode {
			item(n, key)
			return
		}
		d.list(item)(n, key)
	}
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
