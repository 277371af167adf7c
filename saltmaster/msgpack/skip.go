package msgpack

import (
	"encoding/binary"
	"math"
)

// skip returns the offset after the value at off.
func skip(b []byte, off int) (int, error) {
	if off < len(b) {
		if size := int(sizes[b[off]]); size > 0 && size <= len(b)-off {
			return off + size, nil // as most values in maps
		}
	}
	if end := pass(b, off); end != gaveUp {
		return end, nil
	}
	return skipWithin(b, off, 0)
}

// skipWithin is skip in some containers, whose number bounds the recursion. It
// is for values that are malformed or nested deep.
func skipWithin(b []byte, off, depth int) (int, error) {
	t, err := next(b[off:])
	if err != nil {
		return off, at(off, err)
	}
	if t.isContainer() && depth == MaxDepth {
		return off, at(off, ErrTooDeep)
	}
	off += t.size
	for range t.values() {
		if off, err = skipWithin(b, off, depth+1); err != nil {
			return off, err
		}
	}
	return off, nil
}

// gaveUp is the offset that is returned for a value that needs a closer look.
const gaveUp = -1

// passDepth is how deep values may be nested for pass.
const passDepth = 32

// pass returns the offset after the value at off. It gives up at values that are
// malformed or nested deep.
func pass(b []byte, off int) int {
	var outer [passDepth]int // how many values are to come in the containers around
	depth, left := 0, 1
	for {
		if off >= len(b) {
			return gaveUp
		}
		c := b[off]
		n := 0
		switch size := int(sizes[c]); {
		case size > 0:
			off += size
		case c < 0xa0: // a short map or array
			off++
			if n = int(c & 0x0f); c < 0x90 {
				n *= 2
			}
		default:
			if off, n = passLong(b, off+1, c); off == gaveUp {
				return gaveUp
			}
		}
		left--
		if n > 0 {
			if depth == passDepth {
				return gaveUp
			}
			outer[depth] = left
			depth++
			left = n
		}
		for left == 0 {
			if depth == 0 {
				if off > len(b) {
					return gaveUp
				}
				return off
			}
			depth--
			left = outer[depth]
		}
	}
}

// passLong is the part of pass for a type byte c that is followed by a length.
// It returns the offset of what is next, and how many values are in there.
func passLong(b []byte, off int, c byte) (end, values int) {
	var n int
	switch {
	case c >= 0xd9:
		n, off = length(b, off, c)
	case c >= 0xc7 && c <= 0xc9: // an extension, with one more byte for its type
		if n, off = length(b, off, c-0xc7+0xd9); off != gaveUp {
			off++
		}
	case c >= 0xc4 && c <= 0xc6:
		n, off = length(b, off, c-0xc4+0xd9)
	default:
		return gaveUp, 0
	}
	switch {
	case off == gaveUp || n > len(b)-off:
		return gaveUp, 0
	case c >= 0xde:
		return off, 2 * n
	case c >= 0xdc:
		return off, n
	}
	return off + n, 0
}

// length reads the length that follows a type byte c from 0xd9 to 0xdf.
func length(b []byte, off int, c byte) (n, end int) {
	switch b := b[off:]; {
	case c == 0xd9 && len(b) >= 1:
		return int(b[0]), off + 1
	case (c == 0xda || c == 0xdc || c == 0xde) && len(b) >= 2:
		return int(binary.BigEndian.Uint16(b)), off + 2
	case (c == 0xdb || c == 0xdd || c == 0xdf) && len(b) >= 4:
		if n := binary.BigEndian.Uint32(b); n <= math.MaxInt32 {
			return int(n), off + 4
		}
	}
	return 0, gaveUp
}

// sizes are the sizes, with the type byte, of the values whose type byte says
// all about that, and 0 for the others.
var sizes = func() (s [256]uint8) {
	for c := range s {
		switch {
		case c < 0x80 || c >= 0xe0: // small integers
			s[c] = 1
		case c >= 0xa0 && c < 0xc0: // short texts
			s[c] = 1 + uint8(c&0x1f)
		}
	}
	s[0xc0], s[0xc2], s[0xc3] = 1, 1, 1
	for i := range uint8(4) {
		s[0xcc+i], s[0xd0+i] = 1+1<<i, 1+1<<i // integers
	}
	s[0xca], s[0xcb] = 5, 9
	for i := range uint8(5) {
		s[0xd4+i] = 2 + 1<<i // extensions
	}
	return s
}()
