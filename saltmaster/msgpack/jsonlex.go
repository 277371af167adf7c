package msgpack

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// SyntaxError is what is wrong with a JSON document, and where. Msg is the
// text of Python's json module where that has one.
type SyntaxError struct {
	Offset int64 // bytes before the error
	Msg    string
}

// Error returns the message with the offset.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("json: %s: byte %d", e.Msg, e.Offset)
}

func syntaxError(off int, msg string) error {
	return &SyntaxError{Offset: int64(off), Msg: msg}
}

// skipSpace returns the offset of the first byte from off on that is not
// white space.
func skipSpace(js []byte, off int) int {
	for off < len(js) && (js[off] == ' ' || js[off] == '\n' || js[off] == '\r' || js[off] == '\t') {
		off++
	}
	return off
}

// validUTF8 returns how many bytes of js are UTF-8 before the first that is not.
func validUTF8(js []byte) int {
	off := 0
	for off < len(js) {
		r, size := utf8.DecodeRune(js[off:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		off += size
	}
	return off
}

// byteAt returns the byte at off, 0 at the end of the document.
func byteAt(js []byte, off int) byte {
	if off < len(js) {
		return js[off]
	}
	return 0
}

// scanString returns the offset after the string whose opening quote stands
// at off.
func scanString(js []byte, off int) (int, error) {
	for i := off + 1; i < len(js); {
		switch c := js[i]; {
		case c == '"':
			return i + 1, nil
		case c < ' ':
			return off, syntaxError(i, "Invalid control character at")
		case c != '\\':
			i++
		default:
			n, err := scanEscape(js, i)
			if err != nil {
				return off, err
			}
			if n == 0 {
				return off, syntaxError(off, "Unterminated string starting at")
			}
			i += n
		}
	}
	return off, syntaxError(off, "Unterminated string starting at")
}

const escapes = `"\/bfnrt`        // after a backslash
const escaped = "\"\\/\b\f\n\r\t" // and what they stand for

// scanEscape returns the length of the escape whose backslash stands at off; 0
// if the document ends after the backslash.
func scanEscape(js []byte, off int) (int, error) {
	if off+1 == len(js) {
		return 0, nil
	}
	if strings.IndexByte(escapes, js[off+1]) >= 0 {
		return 2, nil
	}
	if js[off+1] != 'u' {
		return 0, syntaxError(off, `Invalid \escape`)
	}
	r, ok := hex4(js, off)
	switch {
	case !ok:
		return 0, syntaxError(off+1, `Invalid \uXXXX escape`)
	case !utf16.IsSurrogate(r):
		return 6, nil
	}
	// Python takes a lone one, but cannot pack it.
	if low, _ := hex4(js, off+6); utf16.DecodeRune(r, low) == utf8.RuneError {
		return 0, syntaxError(off, "Lone surrogate")
	}
	return 12, nil
}

// hex4 returns the number in the \uXXXX at off.
func hex4(js []byte, off int) (r rune, ok bool) {
	if len(js)-off < 6 || js[off] != '\\' || js[off+1] != 'u' {
		return 0, false
	}
	for _, c := range js[off+2 : off+6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// appendUnescaped appends what stands between the quotes of a string that
// scanString has accepted.
func appendUnescaped(dst, s []byte) []byte {
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			dst = append(dst, s[i])
			i++
			continue
		}
		if n := strings.IndexByte(escapes, s[i+1]); n >= 0 {
			dst = append(dst, escaped[n])
			i += 2
			continue
		}
		r, _ := hex4(s, i)
		i += 6
		if utf16.IsSurrogate(r) {
			low, _ := hex4(s, i)
			r = utf16.DecodeRune(r, low)
			i += 6
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// scanNumber returns the offset after the number at off, and whether it has a
// fraction or an exponent. end is off if there is no number.
func scanNumber(js []byte, off int) (end int, float bool) {
	i := off
	if byteAt(js, i) == '-' {
		i++
	}
	digits := scanDigits(js, i)
	if digits == i {
		return off, false
	}
	if js[i] == '0' {
		digits = i + 1
	}
	i = digits
	if byteAt(js, i) == '.' {
		if digits = scanDigits(js, i+1); digits > i+1 {
			i, float = digits, true
		}
	}
	if byteAt(js, i)|0x20 == 'e' {
		exp := i + 1
		if c := byteAt(js, exp); c == '+' || c == '-' {
			exp++
		}
		if digits = scanDigits(js, exp); digits > exp {
			i, float = digits, true
		}
	}
	return i, float
}

func scanDigits(js []byte, off int) int {
	for off < len(js) && js[off] >= '0' && js[off] <= '9' {
		off++
	}
	return off
}
