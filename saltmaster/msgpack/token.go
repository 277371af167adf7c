package msgpack

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// MaxDepth is how deep containers may nest, in msgpack and in JSON. Salt
// itself gives up somewhere below 1100.
const MaxDepth = 512

// Errors of reading msgpack. They arrive wrapped with the byte offset.
var (
	ErrTruncated = errors.New("input ends within a value")
	ErrInvalid   = errors.New("not a msgpack type byte")
	ErrTooDeep   = errors.New("nested too deep")
	ErrTrailing  = errors.New("more bytes after the value")
	ErrKind      = errors.New("value of another kind")
	ErrRange     = errors.New("integer out of range")
	ErrKey       = errors.New("map key in a map key is an array or a map")
	ErrTooLarge  = errors.New("input larger than 4 GiB")
	ErrDuplicate = errors.New("too many duplicate map keys")
)

// at says where in the input err happened.
func at(off int, err error) error { return &offsetError{off, err} }

// offsetError is an error of the input. Its text is made when it is read: most
// are of a value that is looked at for one kind after another.
type offsetError struct {
	off int
	err error
}

func (e *offsetError) Error() string { return fmt.Sprintf("msgpack: byte %d: %v", e.off, e.err) }

func (e *offsetError) Unwrap() error { return e.err }

// Kind is the type of a msgpack value.
type Kind uint8

// The kinds. Invalid is what empty or malformed input has.
const (
	Invalid Kind = iota
	Nil
	Bool
	Int
	Float
	Str
	Bin
	Array
	Map
	Ext
)

// String returns the kind's name in lower case.
func (k Kind) String() string {
	names := [...]string{"invalid", "nil", "bool", "int", "float", "str", "bin", "array", "map", "ext"}
	if int(k) < len(names) {
		return names[k]
	}
	return "unknown"
}

// token is one value's header, and its payload if it is not a container.
type token struct {
	kind Kind
	neg  bool   // Int: num holds an int64 below zero
	ext  int8   // Ext: the type
	head int    // bytes before the payload
	size int    // bytes of header and payload; of a container, the header's
	num  uint64 // Int: value; Bool: 0 or 1; Float: float64 bits; Array, Map: entries
}

// payload returns the bytes of a Str, Bin or Ext that starts b.
func (t token) payload(b []byte) []byte { return b[t.head:t.size:t.size] }

// values is how many values follow a container's header; 0 for scalars.
func (t token) values() int {
	switch t.kind {
	case Array:
		return int(t.num)
	case Map:
		return 2 * int(t.num)
	}
	return 0
}

func (t token) isContainer() bool { return t.kind == Array || t.kind == Map }

func (t token) float() float64 { return math.Float64frombits(t.num) }

// form describes the type bytes from 0xc0 to 0xdf: the kind, and how many
// bytes of number (value or length) follow the type byte.
type form struct {
	kind  Kind
	width int
}

var forms = [32]form{
	0x00: {Nil, 0}, 0x01: {Invalid, 0}, 0x02: {Bool, 0}, 0x03: {Bool, 0},
	0x04: {Bin, 1}, 0x05: {Bin, 2}, 0x06: {Bin, 4},
	0x07: {Ext, 1}, 0x08: {Ext, 2}, 0x09: {Ext, 4},
	0x0a: {Float, 4}, 0x0b: {Float, 8},
	0x0c: {Int, 1}, 0x0d: {Int, 2}, 0x0e: {Int, 4}, 0x0f: {Int, 8}, // unsigned
	0x10: {Int, 1}, 0x11: {Int, 2}, 0x12: {Int, 4}, 0x13: {Int, 8}, // signed
	0x14: {Ext, 0}, 0x15: {Ext, 0}, 0x16: {Ext, 0}, 0x17: {Ext, 0}, 0x18: {Ext, 0},
	0x19: {Str, 1}, 0x1a: {Str, 2}, 0x1b: {Str, 4},
	0x1c: {Array, 2}, 0x1d: {Array, 4},
	0x1e: {Map, 2}, 0x1f: {Map, 4},
}

// next reads the token that starts b. Scalars are complete in b, and b has at
// least one byte for each value that a container announces.
func next(b []byte) (token, error) {
	if len(b) == 0 {
		return token{}, ErrTruncated
	}
	switch c := b[0]; {
	case c < 0x80:
		return token{kind: Int, head: 1, size: 1, num: uint64(c)}, nil
	case c < 0x90:
		return container(b, Map, 1, uint64(c&0x0f))
	case c < 0xa0:
		return container(b, Array, 1, uint64(c&0x0f))
	case c < 0xc0:
		return sized(b, token{kind: Str, head: 1}, uint64(c&0x1f))
	case c >= 0xe0:
		return token{kind: Int, neg: true, head: 1, size: 1, num: uint64(int64(int8(c)))}, nil
	default:
		return long(b, c)
	}
}

// long reads a token whose type byte c is one of forms.
func long(b []byte, c byte) (token, error) {
	f := forms[c-0xc0]
	head := 1 + f.width
	if len(b) < head {
		return token{}, ErrTruncated
	}
	n := number(b[1:head])
	switch f.kind {
	case Invalid:
		return token{}, ErrInvalid
	case Array, Map:
		return container(b, f.kind, head, n)
	case Str, Bin:
		return sized(b, token{kind: f.kind, head: head}, n)
	case Ext:
		if len(b) < head+1 {
			return token{}, ErrTruncated
		}
		if f.width == 0 {
			n = 1 << (c - 0xd4)
		}
		return sized(b, token{kind: Ext, ext: int8(b[head]), head: head + 1}, n)
	}
	t := token{kind: f.kind, head: head, size: head, num: n}
	switch {
	case f.kind == Bool:
		t.num = uint64(c & 1)
	case f.kind == Float && f.width == 4:
		t.num = math.Float64bits(float64(math.Float32frombits(uint32(n))))
	case c >= 0xd0 && f.kind == Int:
		shift := 64 - 8*f.width
		t.num = uint64(int64(n<<shift) >> shift)
		t.neg = int64(t.num) < 0
	}
	return t, nil
}

func number(b []byte) uint64 {
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.BigEndian.Uint16(b))
	case 4:
		return uint64(binary.BigEndian.Uint32(b))
	case 8:
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func sized(b []byte, t token, n uint64) (token, error) {
	if n > uint64(len(b)-t.head) {
		return token{}, ErrTruncated
	}
	t.size = t.head + int(n)
	return t, nil
}

func container(b []byte, k Kind, head int, n uint64) (token, error) {
	values := n // not yet an int: that may be of 32 bits
	if k == Map {
		values = 2 * n
	}
	if values > uint64(len(b)-head) {
		return token{}, ErrTruncated
	}
	return token{kind: k, head: head, size: head, num: n}, nil
}
