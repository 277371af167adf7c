package lowstate

import (
	"math/big"
	"strings"

	"saltern/saltmaster/masterconf/yaml11"
	"saltern/saltmaster/msgpack"
)

// yamlified reads a text argument as Salt's command line does: as YAML, where
// that gives more than text and nothing is lost. "1" is a number, "[1, 2]" a
// list, and "a # b" stays what it is.
func yamlified(s string) msgpack.Raw {
	asText := msgpack.AppendString(nil, s)
	if keepsText(s) {
		return asText
	}
	if s == "None" {
		return msgpack.AppendNil(nil)
	}
	v, err := yaml11.Decode("argument", []byte(s))
	if err != nil || keepsSpelling(s, v) {
		return asText
	}
	return appendYAML(nil, v)
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

// appendYAML appends a value that yaml11 read.
func appendYAML(b []byte, v any) []byte {
	switch v := v.(type) {
	case bool:
		return msgpack.AppendBool(b, v)
	case int64:
		return msgpack.AppendInt(b, v)
	case *big.Int:
		if v.IsUint64() {
			return msgpack.AppendUint(b, v.Uint64())
		}
		return msgpack.AppendString(b, v.String()) // as Salt packs what msgpack cannot hold
	case float64:
		return msgpack.AppendFloat(b, v)
	case string:
		return msgpack.AppendString(b, v)
	case []byte:
		return msgpack.AppendString(b, v)
	case []any:
		b = msgpack.AppendArray(b, len(v))
		for _, e := range v {
			b = appendYAML(b, e)
		}
		return b
	case *yaml11.Map:
		b = msgpack.AppendMap(b, v.Len())
		for item := range v.All() {
			b = appendYAML(appendYAML(b, item.Key), item.Value)
		}
		return b
	default:
		return msgpack.AppendNil(b)
	}
}
