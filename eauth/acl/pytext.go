package acl

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// text returns Python's str of a value. sure is false where releases of Python differ, or the value has a type that the
// master cannot have.
func text(v any) (s string, sure bool) {
	if s, ok := v.(string); ok {
		return s, true
	}
	s = repr(v)
	return s, known(v) && isASCII(s)
}

// known reports whether this package supports the type of a value.
func known(v any) bool {
	switch v := v.(type) {
	case nil, bool, int, int64, uint64, *big.Int, float64, []byte:
		return true
	case string:
		return isASCII(v) // the printable characters differ between releases of Unicode
	case []any:
		for _, x := range v {
			if !known(x) {
				return false
			}
		}
		return true
	case Map:
		for _, p := range v {
			if !known(p.Key) || !known(p.Value) {
				return false
			}
		}
		return true
	default:
		return false
	}
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// repr returns Python's repr of a value.
func repr(v any) string {
	var b strings.Builder
	writeRepr(&b, v)
	return b.String()
}

func writeRepr(b *strings.Builder, v any) {
	switch v := v.(type) {
	case nil:
		b.WriteString("None")
	case bool:
		if v {
			b.WriteString("True")
		} else {
			b.WriteString("False")
		}
	case float64:
		b.WriteString(floatText(v, "nan", "inf"))
	case string:
		reprText(b, v)
	case []byte:
		b.WriteByte('b')
		reprBytes(b, v)
	case []any:
		b.WriteByte('[')
		for i, x := range v {
			separate(b, i)
			writeRepr(b, x)
		}
		b.WriteByte(']')
	case Map:
		b.WriteByte('{')
		for i, p := range v {
			separate(b, i)
			writeRepr(b, p.Key)
			b.WriteString(": ")
			writeRepr(b, p.Value)
		}
		b.WriteByte('}')
	default: // integers
		fmt.Fprint(b, v)
	}
}

func separate(b *strings.Builder, i int) {
	if i > 0 {
		b.WriteString(", ")
	}
}

// floatText returns Python's repr of a float: the shortest text, with an exponent from 1e16 up and below 1e-4.
func floatText(f float64, nan, inf string) string {
	switch {
	case math.IsNaN(f):
		return nan
	case math.IsInf(f, 1):
		return inf
	case math.IsInf(f, -1):
		return "-" + inf
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

// quote returns the quotation mark that Python puts around a text.
func quote(s string) rune {
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		return '"'
	}
	return '\''
}

func reprText(b *strings.Builder, s string) {
	q := quote(s)
	b.WriteRune(q)
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			reprASCII(b, r, q)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(b, `\u%04x`, r)
		default:
			fmt.Fprintf(b, `\U%08x`, r)
		}
	}
	b.WriteRune(q)
}

func reprBytes(b *strings.Builder, s []byte) {
	q := quote(string(s))
	b.WriteRune(q)
	for _, c := range s {
		if c < utf8.RuneSelf {
			reprASCII(b, rune(c), q)
		} else {
			fmt.Fprintf(b, `\x%02x`, c)
		}
	}
	b.WriteRune(q)
}

func reprASCII(b *strings.Builder, r, quote rune) {
	switch {
	case r == '\\' || r == quote:
		b.WriteByte('\\')
		b.WriteRune(r)
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\r':
		b.WriteString(`\r`)
	case r == '\t':
		b.WriteString(`\t`)
	case r < ' ' || r == 0x7f:
		fmt.Fprintf(b, `\x%02x`, r)
	default:
		b.WriteRune(r)
	}
}
