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
	if err != nil {
		return asText
	}
	switch v := v.(type) {
	case *yaml11.Map:
		if !strings.HasPrefix(s, "{") {
			return asText
		}
	case []any:
		if !strings.HasPrefix(s, "[") {
			return asText
		}
	case []byte:
		return asText
	case string:
		if strings.Contains(s, "#") || v == "" && (s == "|" || s == "!") {
			return asText
		}
	case nil:
		if strings.Contains(s, "#") || s == "!" {
			return asText
		}
	}
	return appendYAML(nil, v)
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
