package acl

import (
	"regexp"
	"slices"
	"strings"
)

// glob compiles a pattern of Python's fnmatch, which matches whole texts.
func glob(src string) *pattern {
	in := []rune(src)
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	for i := 0; i < len(in); i++ {
		switch in[i] {
		case '*':
			b.WriteString(".*")
		case '?':
			b.WriteByte('.')
		case '[':
			end := classEnd(in, i+1)
			if end < 0 {
				b.WriteString(`\[`)
				continue
			}
			if !globClass(&b, in[i+1:end]) {
				return &pattern{always: maybe}
			}
			i = end
		default:
			b.WriteString(regexp.QuoteMeta(string(in[i])))
		}
	}
	b.WriteString(`\z`)
	return compile(b.String(), traits{})
}

// classEnd returns the place of the ] that ends a class, or -1. One that comes first belongs to the class.
func classEnd(in []rune, start int) int {
	if start < len(in) && in[start] == '!' {
		start++
	}
	if start < len(in) && in[start] == ']' {
		start++
	}
	if start >= len(in) {
		return -1
	}
	if i := slices.Index(in[start:], ']'); i >= 0 {
		return start + i
	}
	return -1
}

// globClass writes a class, or reports that releases of Python read it differently.
func globClass(b *strings.Builder, in []rune) bool {
	b.WriteByte('[')
	if in[0] == '!' {
		b.WriteByte('^')
		in = in[1:]
	}
	for len(in) > 0 {
		if len(in) < 3 || in[1] != '-' {
			writeRange(b, in[0], in[0])
			in = in[1:]
			continue
		}
		if in[0] > in[2] {
			return false
		}
		writeRange(b, in[0], in[2])
		in = in[3:]
	}
	b.WriteByte(']')
	return true
}
