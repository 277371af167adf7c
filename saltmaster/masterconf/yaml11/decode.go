package yaml11

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Limits of one document. Each is far above what a configuration needs.
const (
	maxDepth  = 256
	maxValues = 1_000_000
)

// Decode reads the one document in data; nothing, or only comments, is nil. The name stands in errors and items.
// Every error is an *Error.
func Decode(name string, data []byte) (any, error) {
	v, err := decode(name, data)
	if err != nil {
		err.File = name
		return nil, err
	}
	return v, nil
}

func decode(name string, data []byte) (any, *Error) {
	root, err := parse(data)
	if err != nil || root == nil {
		return nil, err
	}
	if err := uniqueAnchors(root, map[string]bool{}); err != nil {
		return nil, err
	}
	d := decoder{file: name, values: maxValues, open: map[*yaml.Node]bool{}}
	return d.value(root, 0)
}

// invalidUTF8 returns the offset of the first byte that is not UTF-8, or -1.
func invalidUTF8(data []byte) int {
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// versionDirective finds a %YAML 1.2 directive before the document. The parser knows 1.1 only; PyYAML reads both alike.
var versionDirective = regexp.MustCompile(`\A((?:\x{feff})?(?:[ \t]*(?:#.*)?\r?\n)*%YAML[ \t]+)1\.2\b`)

// parse returns the root node, nil for an empty document.
func parse(data []byte) (root *yaml.Node, fail *Error) {
	if i := invalidUTF8(data); i >= 0 {
		return nil, fatalAt(lineAt(data, i), "not UTF-8 text")
	}
	// The parser panics on states that it believes impossible; a strange file must not end the process.
	defer func() {
		if r := recover(); r != nil {
			root, fail = nil, fatalAt(0, "the YAML parser failed: %v", r)
		}
	}()
	marked, isMarked := markEmpty(data)
	dec := yaml.NewDecoder(bytes.NewReader(versionDirective.ReplaceAll(marked, []byte("${1}1.1"))))
	var doc yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, syntaxError(err, data)
	}
	var second yaml.Node
	switch err := dec.Decode(&second); {
	case errors.Is(err, io.EOF):
		if isMarked {
			fail = unmark(doc.Content[0])
		}
		return doc.Content[0], fail
	case err != nil:
		return nil, syntaxError(err, data)
	default:
		return nil, errAt(second.Line, "a second document starts here; only one is allowed")
	}
}

// Parse returns the root node of the one document in data, nil for an empty one. Every error is an *Error.
func Parse(data []byte) (*yaml.Node, error) {
	root, err := parse(data)
	if err != nil {
		return nil, err // and not an *Error that is nil
	}
	return root, nil
}

// uniqueAnchors refuses an anchor name used twice, as PyYAML does; the parser would take the last.
func uniqueAnchors(n *yaml.Node, seen map[string]bool) *Error {
	if n.Anchor != "" {
		if seen[n.Anchor] {
			return errAt(n.Line, "anchor &%s is defined twice", n.Anchor)
		}
		seen[n.Anchor] = true
	}
	for _, c := range n.Content {
		if err := uniqueAnchors(c, seen); err != nil {
			return err
		}
	}
	return nil
}

// decoder turns nodes into values. Aliases are followed, never shared, so every value is a tree of its own and the
// budget of values bounds what a document of aliases can grow to.
type decoder struct {
	file   string
	values int                 // how many more may be made
	open   map[*yaml.Node]bool // the nodes around the one being read
}

// spend takes one value from the budget.
func (d *decoder) spend(line int) *Error {
	if d.values--; d.values < 0 {
		return fatalAt(line, "more than %d values", maxValues)
	}
	return nil
}

// enter guards the walk into a node against depth and against an alias to a node around it.
func (d *decoder) enter(n *yaml.Node, depth int) *Error {
	switch {
	case depth > maxDepth:
		return fatalAt(n.Line, "nested deeper than %d levels", maxDepth)
	case d.open[n]:
		return fatalAt(n.Line, "a value contains itself")
	}
	d.open[n] = true
	return nil
}

func (d *decoder) leave(n *yaml.Node) { delete(d.open, n) }

func (d *decoder) value(n *yaml.Node, depth int) (any, *Error) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if err := d.spend(n.Line); err != nil {
		return nil, err
	}
	if n.Kind == yaml.ScalarNode {
		return scalar(n)
	}
	if err := d.enter(n, depth); err != nil {
		return nil, err
	}
	defer d.leave(n)

	switch {
	case n.Kind == yaml.MappingNode && n.Tag == "!!map":
		return d.mapping(n, depth)
	case n.Kind == yaml.MappingNode && n.Tag == "!!set":
		return d.set(n, depth)
	case n.Kind == yaml.SequenceNode && n.Tag == "!!seq":
		return d.sequence(n, depth)
	case n.Kind == yaml.SequenceNode && (n.Tag == "!!omap" || n.Tag == "!!pairs"):
		return d.pairList(n, depth)
	default:
		err := errAt(n.Line, "a %s tagged %s cannot be read", kindNames[n.Kind], n.Tag)
		err.Fatal = n.Tag == tagInt // Salt looks for leading zeros before it looks at the kind
		return nil, err
	}
}

var kindNames = map[yaml.Kind]string{
	yaml.MappingNode: "mapping", yaml.SequenceNode: "list", yaml.ScalarNode: "single value", yaml.AliasNode: "alias",
}

func (d *decoder) sequence(n *yaml.Node, depth int) (any, *Error) {
	list := make([]any, 0, len(n.Content))
	for _, c := range n.Content {
		v, err := d.value(c, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

func (d *decoder) mapping(n *yaml.Node, depth int) (any, *Error) {
	m, err := d.entries(n, depth)
	if err != nil {
		return nil, err // and not a *Map that is nil
	}
	return m, nil
}

// set returns the keys of a !!set as a list.
func (d *decoder) set(n *yaml.Node, depth int) (any, *Error) {
	m, err := d.entries(n, depth)
	if err != nil {
		return nil, err
	}
	list := make([]any, 0, m.Len())
	for it := range m.All() {
		list = append(list, it.Key)
	}
	return list, nil
}

// pairList returns !!omap and !!pairs as a list of two-element lists.
func (d *decoder) pairList(n *yaml.Node, depth int) (any, *Error) {
	list := make([]any, 0, len(n.Content))
	for _, c := range n.Content {
		if c.Kind == yaml.AliasNode {
			c = c.Alias
		}
		if c.Kind != yaml.MappingNode || len(c.Content) != 2 {
			return nil, errAt(c.Line, "expected a mapping of one key")
		}
		pair := make([]any, 2)
		for i, part := range c.Content {
			v, err := d.value(part, depth+1)
			if err != nil {
				return nil, err
			}
			pair[i] = v
		}
		list = append(list, pair)
	}
	return list, nil
}

// entries reads a mapping, merge keys included.
func (d *decoder) entries(n *yaml.Node, depth int) (*Map, *Error) {
	pairs, err := d.flatten(n, depth)
	if err != nil {
		return nil, err
	}
	m := &Map{}
	for _, p := range pairs {
		key, err := d.key(p.key)
		if err != nil {
			return nil, err
		}
		if _, twice := m.Item(key); twice {
			return nil, errAt(p.key.Line, "the key %s stands here twice", short(key))
		}
		v, err := d.value(p.value, depth+1)
		if err != nil {
			return nil, err
		}
		m.Set(Item{Key: key, Value: v, File: d.file, Line: p.key.Line})
	}
	return m, nil
}

func (d *decoder) key(n *yaml.Node) (any, *Error) {
	line := n.Line
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.ScalarNode {
		return nil, errAt(line, "a %s cannot be a key", kindNames[n.Kind])
	}
	if scalarTag(n) == tagValue {
		return n.Value, nil // a lone = is text where it is a key
	}
	return scalar(n)
}

// short returns a key for a message.
func short(key any) string {
	s := fmt.Sprintf("%q", fmt.Sprint(key))
	if len(s) > 60 {
		s = s[:60] + `..."`
	}
	return s
}
