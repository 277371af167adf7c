package msgpack

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// appendQuoted appends s as a JSON string. Only what must be escaped is, as by
// Python's json with ensure_ascii=False.
func appendQuoted(dst, s []byte) []byte {
	dst = append(dst, '"')
	dst, _ = appendEscaped(dst, s, false)
	return append(dst, '"')
}

// appendText appends the text of a JSON string without its quotes.
func appendText(dst, s []byte) []byte {
	dst, _ = appendEscaped(dst, s, false)
	return dst
}

// appendEscaped appends a part of the text of a JSON string. Each run of bytes
// that are not UTF-8 becomes one U+FFFD: replaced reports whether the text ends
// in one, and is passed with the next part. Parts end at the end of a rune.
func appendEscaped(dst, s []byte, replaced bool) ([]byte, bool) {
	from := 0 // s[from:i] is appended as it is
	for i := 0; ; {
		i += plain(s[i:])
		if i > from {
			replaced = false
		}
		if i == len(s) {
			return append(dst, s[from:]...), replaced
		}
		c := s[i]
		if c >= utf8.RuneSelf {
			_, size := utf8.DecodeRune(s[i:])
			if size > 1 {
				i += size
				continue
			}
			dst = append(dst, s[from:i]...)
			if !replaced {
				dst = append(dst, "\uFFFD"...)
			}
			replaced = true
		} else {
			dst = appendEscape(append(dst, s[from:i]...), c)
			replaced = false
		}
		i++
		from = i
	}
}

// appendEscape appends a character that cannot stand in a JSON string.
func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	const hex = "0123456789abcdef"
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// plain returns how many bytes s begins with that are ASCII and stand for
// themselves in a JSON string. It looks at eight at a time.
func plain(s []byte) int {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		if found := special(binary.LittleEndian.Uint64(s[i:])); found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	if i+4 <= len(s) {
		const four = 1<<32 - 1 // the others are 0, and not plain
		if found := special(uint64(binary.LittleEndian.Uint32(s[i:]))) & four; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
		i += 4
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			break
		}
	}
	return i
}

// special returns a word whose lowest bit that is set is in the first byte of x
// that is not plain, and 0 if there is none.
func special(x uint64) uint64 {
	const (
		ones      = 0x0101010101010101
		high      = 0x80 * ones
		blank     = ' ' * ones
		quote     = '"' * ones
		backslash = '\\' * ones
	)
	// Subtraction sets the high bit of a byte that was too small. It borrows from
	// the bytes after that only.
	return ((x - blank) | ((x ^ quote) - ones) | ((x ^ backslash) - ones) | x) & high
}

// wholeRunes returns how many bytes at the beginning of s are at most n and end
// with a rune. n is larger than a rune.
func wholeRunes(s []byte, n int) int {
	if len(s) <= n {
		return len(s)
	}
	for end := n; end > n-utf8.UTFMax; end-- {
		if utf8.RuneStart(s[end]) {
			return end
		}
	}
	return n
}
