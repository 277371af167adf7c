package yaml11

import (
	"encoding/base64"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The tags that a scalar can have, in the short form of the parser.
const (
	tagNull      = "!!null"
	tagBool      = "!!bool"
	tagInt       = "!!int"
	tagFloat     = "!!float"
	tagString    = "!!str"
	tagBinary    = "!!binary"
	tagTimestamp = "!!timestamp"
	tagUnicode   = "!!python/unicode"
	tagMerge     = "!!merge"
	tagValue     = "!!value"
)

// The forms of YAML 1.1 plain scalars, as PyYAML has them. They differ from YAML 1.2: 3e4 is text (no dot, no sign),
// 0o17 is text, 1:30 is ninety.
var (
	intForm = regexp.MustCompile(`^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|` +
		`[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$`)
	floatForm = regexp.MustCompile(`^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|` +
		`\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|` +
		`[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$`)
)

// maxNumber bounds the text that is looked at as a number.
const maxNumber = 2 * maxDigits

// plainTag returns the tag of an untagged plain scalar. Timestamps are not among them: Salt leaves them text.
func plainTag(s string) string {
	switch s {
	case "", "~", "null", "Null", "NULL":
		return tagNull
	case "yes", "Yes", "YES", "no", "No", "NO",
		"true", "True", "TRUE", "false", "False", "FALSE",
		"on", "On", "ON", "off", "Off", "OFF":
		return tagBool
	case "<<":
		return tagMerge
	case "=":
		return tagValue
	}
	if c := s[0]; c != '+' && c != '-' && c != '.' && (c < '0' || c > '9') {
		return tagString // every number starts with one of these
	}
	if len(s) > maxNumber {
		return tagString
	}
	switch {
	case floatForm.MatchString(s):
		return tagFloat
	case intForm.MatchString(s):
		return tagInt
	default:
		return tagString
	}
}

// scalarTag returns the tag that is written before the scalar, or else the one that its form gives.
func scalarTag(n *yaml.Node) string {
	switch {
	case n.Style&yaml.TaggedStyle != 0:
		return n.Tag
	case n.Style == 0:
		return plainTag(n.Value)
	default:
		return tagString // quoted and block scalars are text
	}
}

// scalar returns the value of a scalar node.
func scalar(n *yaml.Node) (any, *Error) {
	switch tag := scalarTag(n); tag {
	case tagString, tagTimestamp, tagUnicode:
		return n.Value, nil
	case tagNull:
		return nil, nil
	case tagBool:
		return boolean(n)
	case tagInt:
		return integer(n)
	case tagFloat:
		return float(n)
	case tagBinary:
		return binary(n)
	default:
		return nil, errAt(n.Line, "a value tagged %s cannot be read", tag)
	}
}

func boolean(n *yaml.Node) (any, *Error) {
	switch strings.ToLower(n.Value) {
	case "yes", "true", "on":
		return true, nil
	case "no", "false", "off":
		return false, nil
	}
	return nil, fatalAt(n.Line, "not a boolean")
}

// binary decodes base64 whose padding may be missing, as newer Salts do.
func binary(n *yaml.Node) (any, *Error) {
	s := strings.Join(strings.Fields(n.Value), "")
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
	if err != nil {
		return nil, errAt(n.Line, "not base64")
	}
	return b, nil
}

// Plain returns the value of a plain scalar, one without quotes or a tag, which the caller has made sure of.
// Errors are *Error.
func Plain(text string) (any, error) {
	v, err := scalar(&yaml.Node{Kind: yaml.ScalarNode, Value: text})
	if err != nil {
		return nil, err
	}
	return v, nil
}
