package format

import (
	"unicode/utf8"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// node is a value of a JSON document, or a key. A container's entries follow
// it; in an object keys and values alternate.
type node struct {
	off, end int  // its offsets in the document
	next     int  // the index of the node after it and all its entries
	kind     byte // its first byte
}

func (n node) isContainer() bool { return n.kind == '[' || n.kind == '{' }

// scanJSON returns the nodes of one document in their order. It validates the
// document first, so that later code need not.
func scanJSON(js []byte) ([]node, error) {
	if !utf8.Valid(js) {
		return nil, &msgpack.SyntaxError{Msg: "Invalid UTF-8"}
	}
	if _, err := msgpack.AppendFromJSON(nil, js); err != nil {
		return nil, err
	}
	var nodes []node
	var open []int
	for off := 0; off < len(js); {
		c := js[off]
		switch c {
		case ' ', '\t', '\n', '\r', ',', ':':
			off++
			continue
		case ']', '}':
			off++
			i := open[len(open)-1]
			open = open[:len(open)-1]
			nodes[i].end, nodes[i].next = off, len(nodes)
			continue
		}
		n := node{off: off, kind: c, next: len(nodes) + 1}
		switch c {
		case '[', '{':
			open = append(open, len(nodes))
			off++
		case '"':
			off = endOfString(js, off)
		default:
			off = endOfLiteral(js, off)
		}
		n.end = off
		nodes = append(nodes, n)
	}
	return nodes, nil
}

func endOfString(js []byte, off int) int {
	for off++; js[off] != '"'; off++ {
		if js[off] == '\\' {
			off++
		}
	}
	return off + 1
}

func endOfLiteral(js []byte, off int) int {
	for ; off < len(js); off++ {
		switch js[off] {
		case ' ', '\t', '\n', '\r', ',', ']', '}':
			return off
		}
	}
	return off
}

// appendUnquoted appends the text of a string with escapes.
func appendUnquoted(dst, quoted []byte) []byte {
	packed, _ := msgpack.AppendFromJSON(nil, quoted)
	s, _ := msgpack.Raw(packed).Str()
	return append(dst, s...)
}
