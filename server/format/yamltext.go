package format

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// appendYAMLText writes text plain if every reader reads it as that text, in
// single quotes if they are enough, and in double quotes with escapes if it has
// characters that are not printable or that end lines.
func appendYAMLText(dst, s []byte, quote bool) []byte {
	switch {
	case !printable(s):
		return appendDoubleQuoted(dst, s)
	case !quote && plain(s):
		return append(dst, s...)
	}
	dst = append(dst, '\'')
	for part := range bytes.SplitAfterSeq(s, []byte("'")) {
		dst = append(dst, part...)
		if bytes.HasSuffix(part, []byte("'")) {
			dst = append(dst, '\'')
		}
	}
	return append(dst, '\'')
}

func printable(s []byte) bool {
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRune(s[i:])
		if !isPrintable(r) {
			return false
		}
		i += size
	}
	return true
}

// isPrintable excludes YAML's line breaks, and the byte order mark, which some
// readers drop.
func isPrintable(r rune) bool {
	switch {
	case r == '\u2028' || r == '\u2029' || r == '\ufeff':
		return false
	case r < 0x7f:
		return r >= ' '
	}
	return r >= 0xa0 && r <= 0xd7ff || r >= 0xe000 && r <= 0xfffd || r >= 0x10000
}

// plain reports whether printable text reads back without quotes.
func plain(s []byte) bool {
	if len(s) == 0 || s[0] == ' ' || s[len(s)-1] == ' ' || s[len(s)-1] == ':' ||
		bytes.HasPrefix(s, []byte("---")) || bytes.HasPrefix(s, []byte("...")) ||
		bytes.Contains(s, []byte(": ")) || bytes.Contains(s, []byte(" #")) {
		return false
	}
	switch s[0] {
	case '#', ',', '[', ']', '{', '}', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`':
		return false
	case '-', '?', ':':
		if len(s) == 1 || s[1] == ' ' {
			return false
		}
	}
	return !meaning(s)
}

// meaning reports whether a reader of YAML, 1.1 or 1.2, may read something
// other than text. For numbers and times only the characters are checked.
func meaning(s []byte) bool {
	switch c := s[0]; {
	case c >= '0' && c <= '9', c == '+', c == '-', c == '.':
		return special(s) || bytes.ContainsAny(s, "0123456789") &&
			len(bytes.Trim(s, "0123456789abcdefABCDEF_+-.: xXoOtTzZ")) == 0
	case len(s) > len("false"):
		return false
	}
	switch strings.ToLower(string(s)) {
	case "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", "=", "<<":
		return true
	}
	return false
}

// special reports whether s is a number written as a word, such as .inf.
func special(s []byte) bool {
	switch strings.ToLower(strings.TrimLeft(string(s), "+-")) {
	case ".inf", ".nan":
		return true
	}
	return false
}

// escapes are YAML's escapes that are shorter than a number.
var escapes = map[rune]string{
	0: `\0`, '\a': `\a`, '\b': `\b`, '\t': `\t`, '\n': `\n`, '\v': `\v`, '\f': `\f`, '\r': `\r`, 0x1b: `\e`,
	'"': `\"`, '\\': `\\`,
}

func appendDoubleQuoted(dst, s []byte) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRune(s[i:])
		escape, short := escapes[r]
		switch {
		case short:
			dst = append(dst, escape...)
		case isPrintable(r):
			dst = append(dst, s[i:i+size]...)
		case r <= 0xff:
			dst = fmt.Appendf(dst, `\x%02X`, r)
		default:
			dst = fmt.Appendf(dst, `\u%04X`, r)
		}
		i += size
	}
	return append(dst, '"')
}
