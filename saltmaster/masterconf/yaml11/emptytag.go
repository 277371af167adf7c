package yaml11

import (
	"bytes"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// In [!!str, a] the parser takes the comma for a part of the tag, where libyaml sees an empty value. Such a value is
// given a text for the time of the parsing. The texts around it get the same, where they look like a tag, and lose it
// again.

// emptyMark stands for an empty value. It is in no text that is marked.
const emptyMark = "\ue000"

// markEscape finds texts that may hold the mark, or write it as an escape.
var markEscape = regexp.MustCompile(`(?i)e000|` + emptyMark)

// tagComma finds what may be a tag with a comma right behind it.
var tagComma = regexp.MustCompile(`(!<[^\s>]*>|![^\s,\[\]{}<>"']*),`)

// markEmpty puts the mark where an empty value may be.
func markEmpty(data []byte) (marked []byte, ok bool) {
	if bytes.IndexByte(data, '!') < 0 || !tagComma.Match(data) || markEscape.Match(data) {
		return data, false
	}
	return tagComma.ReplaceAll(data, []byte("${1} "+emptyMark+",")), true
}

// unmark takes the mark out of all values. What has it in another form had a comma behind a tag where none can be.
func unmark(n *yaml.Node) *Error {
	switch {
	case n.Kind == yaml.ScalarNode && n.Value == emptyMark:
		n.Value = ""
	case strings.Contains(n.Value, emptyMark):
		n.Value = strings.ReplaceAll(n.Value, " "+emptyMark, "")
		if strings.Contains(n.Value, emptyMark) {
			return errAt(n.Line, "did not find expected whitespace or line break")
		}
	}
	for _, c := range n.Content {
		if err := unmark(c); err != nil {
			return err
		}
	}
	return nil
}
