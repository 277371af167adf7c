package oracle

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/saltern-api/saltern/saltmaster/masterconf/yaml11"
)

// Canon writes a value on one line: JSON, but numbers as Python prints them, keys of any type, bytes as hex.
func Canon(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return quote(v)
	case []byte:
		return "bytes:" + hex.EncodeToString(v)
	case float64:
		return pythonFloat(v)
	case []any:
		parts := make([]string, len(v))
		for i, x := range v {
			parts[i] = Canon(x)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case *yaml11.Map:
		var parts []string
		for it := range v.All() {
			parts = append(parts, Canon(it.Key)+": "+Canon(it.Value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	default:
		return fmt.Sprint(v)
	}
}

// quote writes text as JSON in ASCII.
func quote(s string) string {
	b, _ := json.Marshal(s) // text always marshals
	s = string(b)
	s = strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(s)
	var out strings.Builder
	for _, r := range s {
		switch {
		case r < 0x7f:
			out.WriteRune(r)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, hi, lo)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.String()
}

// pythonFloat is Python's repr: the shortest text, with an exponent from 1e16 up and below 1e-4.
func pythonFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	if a := math.Abs(f); a != 0 && (a >= 1e16 || a < 1e-4) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}
