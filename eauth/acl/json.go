package acl

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// appendJSON writes a value as Salt's json.dumps does: a space after each comma and colon, and no escapes beyond those
// that JSON requires.
func appendJSON(dst []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return fmt.Append(dst, v)
	case float64:
		return append(dst, floatText(v, "NaN", "Infinity")...)
	case string:
		return appendJSONText(dst, v)
	case []byte: // Salt responds with 500 to these
		return appendJSONText(dst, string(v))
	case []any:
		dst = append(dst, '[')
		for i, x := range v {
			dst = appendJSON(appendComma(dst, i), x)
		}
		return append(dst, ']')
	case Map:
		dst = append(dst, '{')
		for i, p := range v {
			dst = appendJSONKey(appendComma(dst, i), p.Key)
			dst = appendJSON(append(dst, ": "...), p.Value)
		}
		return append(dst, '}')
	default: // integers
		return fmt.Append(dst, v)
	}
}

func appendComma(dst []byte, i int) []byte {
	if i > 0 {
		return append(dst, ", "...)
	}
	return dst
}

// appendJSONKey writes a key of any type as a text.
func appendJSONKey(dst []byte, key any) []byte {
	if s, ok := key.(string); ok {
		return appendJSONText(dst, s)
	}
	return appendJSONText(dst, string(appendJSON(nil, key)))
}

func appendJSONText(dst []byte, s string) []byte {
	const special = "\"\\\b\f\n\r\t"
	dst = append(dst, '"')
	for _, r := range s {
		switch i := strings.IndexRune(special, r); {
		case i >= 0:
			dst = append(dst, '\\', "\"\\bfnrt"[i])
		case r < ' ':
			dst = fmt.Appendf(dst, `\u%04x`, r)
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}
