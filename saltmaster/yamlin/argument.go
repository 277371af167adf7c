package yamlin

import (
	"strings"

	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/saltmaster/masterconf/yaml11"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Argument reads a text argument as Salt's command line does
// (salt.utils.args.yamlify_arg): as YAML, where that gives more than text and
// nothing is lost. "1" is a number, "[1, 2]" a list, and "a # b" stays what it
// is, as does all that cannot be read.
//
// The error is that of the budget, which may be nil.
func Argument(b *budget.Budget, s string) (msgpack.Raw, error) {
	if err := b.Spend(1 + budget.Bytes(len(s))); err != nil {
		return nil, err
	}
	asText := msgpack.AppendString(nil, s)
	if keepsText(s) {
		return asText, nil
	}
	if s == "None" {
		return msgpack.AppendNil(nil), nil
	}
	v, err := argument(b, s)
	if err == nil && !keepsSpelling(s, v) {
		var packed msgpack.Raw
		if packed, err = pack(b, v, len(s)); err == nil {
			return packed, nil
		}
	}
	if budget.IsSpent(err) {
		return nil, err
	}
	return asText, nil
}

// argument returns what YAML makes of a text.
func argument(b *budget.Budget, s string) (any, error) {
	if isPlain(s) {
		return yaml11.Plain(s)
	}
	return decode(b, []byte(s))
}

// isPlain finds texts that are one plain scalar to YAML whatever stands around
// them, as nearly all arguments are: they need no parser, which takes a
// hundred times the time.
func isPlain(s string) bool {
	if !isPlainByte(s[0]) || strings.IndexByte(`-?:,[]{}&*!|>'"%@`+"` ", s[0]) >= 0 {
		return false
	}
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case !isPlainByte(c):
			return false
		case c == ':' && (i+1 == len(s) || s[i+1] == ' '):
			return false
		case c == ' ' && (i+1 == len(s) || s[i+1] == ' '):
			return false
		}
	}
	return !strings.HasPrefix(s, "...")
}

// isPlainByte leaves out # as well, which begins a comment after a blank.
func isPlainByte(c byte) bool { return ' ' <= c && c <= '~' && c != '#' }

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
