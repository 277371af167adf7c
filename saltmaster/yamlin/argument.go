package yamlin

import (
	"strings"

	"saltern/saltmaster/masterconf/yaml11"
	"saltern/saltmaster/msgpack"
)

// Argument reads a text argument as Salt's command line does
// (salt.utils.args.yamlify_arg): as YAML, where that gives more than text and
// nothing is lost. "1" is a number, "[1, 2]" a list, and "a # b" stays what it
// is, as does all that cannot be read.
func Argument(s string) msgpack.Raw {
	asText := msgpack.AppendString(nil, s)
	if keepsText(s) {
		return asText
	}
	if s == "None" {
		return msgpack.AppendNil(nil)
	}
	v, err := decode([]byte(s), true)
	if err != nil || keepsSpelling(s, v) {
		return asText
	}
	packed, err := pack(v, len(s))
	if err != nil {
		return asText
	}
	return packed
}

// keepsSpelling reports whether a text stays as it is though YAML made v of
// it. With a # in it only text and null are doubted: the rest of it may have
// been taken for a comment. Otherwise a list or a map must have its brackets.
func keepsSpelling(s string, v any) bool {
	if strings.Contains(s, "#") {
		switch v.(type) {
		case nil, string:
			return true
		}
		return false
	}
	switch v := v.(type) {
	case *yaml11.Map:
		return !strings.HasPrefix(s, "{")
	case []any:
		return !strings.HasPrefix(s, "[")
	case []byte:
		return true
	case string:
		return v == "" && (s == "|" || s == "!")
	case nil:
		return s == "!"
	}
	return false
}

// keepsText finds the texts that are not for YAML: blank ones, document
// marks, digits held apart by underscores, and those with a control
// character.
func keepsText(s string) bool {
	switch strings.TrimSpace(s) {
	case "", "---", "...":
		return true
	}
	if strings.Contains(s, "_") && strings.Trim(strings.TrimSpace(s), "0123456789_") == "" {
		return true
	}
	return strings.ContainsAny(s, "\t\r\n")
}
