package format

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"
)

const (
	// maxBlockDepth is the depth up to which a response is written in block
	// style. Deeper values are in flow style, or the indentation would be many
	// times the size of the response.
	maxBlockDepth = 16

	// maxSimpleKey is the maximum length of a key without a "?" mark, in bytes.
	// Readers do not look for the colon beyond 1024 characters.
	maxSimpleKey = 128
)

// AppendYAML appends one JSON document as YAML to dst, in the form of PyYAML's
// safe_dump with default_flow_style=False: keys sorted, the dashes of a list
// below the key's first letter, quotes where a YAML 1.1 reader would read
// something other than the text. It differs in that text is never folded or
// spread over lines, that whatever looks like a number is quoted, and in very
// deep values, see maxBlockDepth.
//
// Reading it gives the value of the JSON, integers of any size included. As in
// Python's JSON there may be NaN and Infinity, and of equal keys the last one
// counts. Errors are *msgpack.SyntaxError; dst is then returned unchanged.
func AppendYAML(dst, js []byte) ([]byte, error) {
	nodes, err := scanJSON(js)
	if err != nil {
		return dst, err
	}
	w := yamlWriter{js: js, nodes: nodes, out: slices.Grow(dst, len(js)+len(js)/4)}
	if w.isEntries(0) {
		w.block(0, 0, 0)
	} else {
		w.inline(0, false)
		w.out = append(w.out, '\n')
	}
	return w.out, nil
}

// yamlWriter writes values, given by their index among the nodes.
type yamlWriter struct {
	js    []byte
	nodes []node
	out   []byte
	text  []byte // an unescaped string
}

// isEntries reports whether a value is a list or an object that is not empty.
func (w *yamlWriter) isEntries(i int) bool {
	return w.nodes[i].isContainer() && w.nodes[i].next > i+1
}

// block writes the entries of a value, one to a line. The first begins at the
// current position, the others are indented.
func (w *yamlWriter) block(i, indent, depth int) {
	if w.nodes[i].kind == '[' {
		w.blockList(i, indent, depth)
		return
	}
	for n, key := range w.sortedKeys(i) {
		if n > 0 {
			w.indent(indent)
		}
		if w.key(key) {
			w.out = append(w.out, ':')
			w.valueOfKey(key+1, indent, depth)
			continue
		}
		w.out = append(w.out, '\n')
		w.indent(indent)
		w.out = append(w.out, ':')
		w.nested(key+1, indent, depth)
	}
}

func (w *yamlWriter) blockList(i, indent, depth int) {
	for e := i + 1; e < w.nodes[i].next; e = w.nodes[e].next {
		if e > i+1 {
			w.indent(indent)
		}
		w.out = append(w.out, '-')
		w.nested(e, indent, depth)
	}
}

// valueOfKey writes a value after "key:".
func (w *yamlWriter) valueOfKey(i, indent, depth int) {
	if !w.isEntries(i) || depth+1 >= maxBlockDepth {
		w.out = append(w.out, ' ')
		w.inline(i, false)
		w.out = append(w.out, '\n')
		return
	}
	if w.nodes[i].kind == '{' {
		indent += 2
	}
	w.out = append(w.out, '\n')
	w.indent(indent)
	w.block(i, indent, depth+1)
}

// nested writes a value after a dash, or after the colon that follows a long
// key; its entries begin on the same line.
func (w *yamlWriter) nested(i, indent, depth int) {
	w.out = append(w.out, ' ')
	if w.isEntries(i) && depth+1 < maxBlockDepth {
		w.block(i, indent+2, depth+1)
		return
	}
	w.inline(i, false)
	w.out = append(w.out, '\n')
}

func (w *yamlWriter) indent(n int) {
	const spaces = "                                "
	w.out = append(w.out, spaces[:n]...)
}

// key writes a key, and reports whether it is short: a long one begins with a
// mark and ends its line.
func (w *yamlWriter) key(i int) bool {
	long := w.nodes[i].end-w.nodes[i].off > maxSimpleKey
	if long {
		w.out = append(w.out, "? "...)
	}
	w.inline(i, false)
	return !long
}

// inline writes a value without line breaks. In flow style all text is quoted,
// since more characters have a meaning there.
func (w *yamlWriter) inline(i int, bracketed bool) {
	n := w.nodes[i]
	switch n.kind {
	case '[':
		w.out = append(w.out, '[')
		for e := i + 1; e < n.next; e = w.nodes[e].next {
			if e > i+1 {
				w.out = append(w.out, ", "...)
			}
			w.inline(e, true)
		}
		w.out = append(w.out, ']')
	case '{':
		w.out = append(w.out, '{')
		for k, key := range w.sortedKeys(i) {
			if k > 0 {
				w.out = append(w.out, ", "...)
			}
			// A mark before every key, since a long one needs it.
			w.out = append(w.out, "? "...)
			w.inline(key, true)
			w.out = append(w.out, " : "...)
			w.inline(key+1, true)
		}
		w.out = append(w.out, '}')
	case '"':
		w.out = appendYAMLText(w.out, w.textOf(i), bracketed)
	default:
		w.out = appendYAMLLiteral(w.out, w.js[n.off:n.end])
	}
}

// textOf returns the text of a string, valid until the next call.
func (w *yamlWriter) textOf(i int) []byte {
	n := w.nodes[i]
	s := w.js[n.off+1 : n.end-1]
	if bytes.IndexByte(s, '\\') < 0 {
		return s
	}
	w.text = appendUnquoted(w.text[:0], w.js[n.off:n.end])
	return w.text
}

// sortedKeys returns the nodes of an object's keys in order; of equal ones the
// last.
func (w *yamlWriter) sortedKeys(i int) []int {
	type named struct {
		name string
		key  int
	}
	var all []named
	for key := i + 1; key < w.nodes[i].next; key = w.nodes[key+1].next {
		all = append(all, named{string(w.textOf(key)), key})
	}
	slices.SortStableFunc(all, func(a, b named) int { return strings.Compare(a.name, b.name) })
	keys := make([]int, 0, len(all))
	for n, k := range all {
		if n+1 == len(all) || all[n+1].name != k.name {
			keys = append(keys, k.key)
		}
	}
	return keys
}

// appendYAMLLiteral writes a word or a number of JSON.
func appendYAMLLiteral(dst, literal []byte) []byte {
	switch string(literal) {
	case "true", "false", "null":
		return append(dst, literal...)
	case "NaN":
		return append(dst, ".nan"...)
	case "Infinity":
		return append(dst, ".inf"...)
	case "-Infinity":
		return append(dst, "-.inf"...)
	}
	if !bytes.ContainsAny(literal, ".eE") {
		return append(dst, literal...)
	}
	return appendYAMLFloat(dst, literal)
}

// appendYAMLFloat writes a float in the form of Python's repr, but always with
// a point: 1e+16 is text in YAML 1.1.
func appendYAMLFloat(dst, literal []byte) []byte {
	f, _ := strconv.ParseFloat(string(literal), 64) // out of range gives infinity
	switch abs := math.Abs(f); {
	case math.IsInf(f, 1):
		return append(dst, ".inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-.inf"...)
	case abs != 0 && abs < 1e-4 || abs >= 1e16:
		text := strconv.FormatFloat(f, 'e', -1, 64)
		if !strings.Contains(text, ".") {
			text = strings.Replace(text, "e", ".0e", 1)
		}
		return append(dst, text...)
	}
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	if f == math.Trunc(f) {
		dst = append(dst, ".0"...)
	}
	return dst
}
