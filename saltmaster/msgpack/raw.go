package msgpack

import "math"

// Raw is the bytes of exactly one complete msgpack value. Its methods are
// safe on any bytes; on malformed ones they answer as for a value of another
// kind, or with an error.
type Raw []byte

// Valid reports whether b is exactly one complete value within the bounds of
// this package.
func Valid(b []byte) error {
	off, err := skip(b, 0)
	if err == nil && off != len(b) {
		err = at(off, ErrTrailing)
	}
	return err
}

// token returns the value's token if the value is of kind k.
func (v Raw) token(k Kind) (token, bool) {
	t, err := next(v)
	return t, err == nil && t.kind == k
}

// Kind returns the kind of the value; Invalid if it is malformed or empty.
func (v Raw) Kind() Kind {
	r := NewReader(v)
	return r.Kind()
}

// IsNil reports whether the value is nil. An empty Raw is not.
func (v Raw) IsNil() bool {
	_, ok := v.token(Nil)
	return ok
}

// Bool returns the value of a bool.
func (v Raw) Bool() (val, ok bool) {
	t, ok := v.token(Bool)
	return ok && t.num == 1, ok
}

// Int returns the value of an integer that fits an int64.
func (v Raw) Int() (int64, bool) {
	t, ok := v.token(Int)
	if !ok || !t.neg && t.num > math.MaxInt64 {
		return 0, false
	}
	return int64(t.num), true
}

// Float returns the value of a float, or of an integer as a float.
func (v Raw) Float() (float64, bool) {
	r := NewReader(v)
	f, err := r.Float64()
	return f, err == nil
}

// Str returns the text of a value of the str or the bin family, unchecked.
func (v Raw) Str() (string, bool) {
	r := NewReader(v)
	s, err := r.String()
	return s, err == nil
}

// Lookup returns the value of key in a map: the last one if the key stands
// there more than once, as Python's dict would keep it. It is (nil, false) if
// v is not a map, lacks the key, or is malformed.
func (v Raw) Lookup(key string) (Raw, bool) {
	r := NewReader(v)
	n, err := r.MapLen()
	if err != nil {
		return nil, false
	}
	var found Raw
	for range n {
		name, err := r.Raw()
		if err != nil {
			return nil, false
		}
		val, err := r.Raw()
		if err != nil {
			return nil, false
		}
		if name.isText(key) {
			found = val
		}
	}
	return found, found != nil
}

// isText reports whether a complete value is of the str or the bin family, with this
// text.
func (v Raw) isText(text string) bool {
	if v[0]&0xe0 == 0xa0 { // a short str: its length is in this byte
		return string(v[1:]) == text
	}
	r := NewReader(v)
	b, err := r.Bytes()
	return err == nil && string(b) == text
}

// LookupStr is the text that a map has under a key: "" when there is none, or
// something else.
func (v Raw) LookupStr(key string) string {
	val, _ := v.Lookup(key)
	s, _ := val.Str()
	return s
}

// Each calls f with the entries of a map, in order, duplicates included. It
// stops at the first error of f and returns it as it is. ErrKind if v is not a
// map.
func (v Raw) Each(f func(key, val Raw) error) error {
	r := NewReader(v)
	n, err := r.MapLen()
	if err != nil {
		return err
	}
	for range n {
		key, err := r.Raw()
		if err != nil {
			return err
		}
		val, err := r.Raw()
		if err != nil {
			return err
		}
		if err := f(key, val); err != nil {
			return err
		}
	}
	return nil
}

// Elems calls f with the elements of an array, in order. It stops at the
// first error of f and returns it as it is. ErrKind if v is not an array.
func (v Raw) Elems(f func(val Raw) error) error {
	r := NewReader(v)
	n, err := r.ArrayLen()
	if err != nil {
		return err
	}
	for range n {
		val, err := r.Raw()
		if err != nil {
			return err
		}
		if err := f(val); err != nil {
			return err
		}
	}
	return nil
}

// Uint returns the value of an integer that is not negative.
func (v Raw) Uint() (uint64, bool) {
	t, ok := v.token(Int)
	if !ok || t.neg {
		return 0, false
	}
	return t.num, true
}

// Len returns the number of entries of a map or of elements of an array, and
// 0 for any other value.
func (v Raw) Len() int {
	t, err := next(v)
	if err != nil || !t.isContainer() {
		return 0
	}
	return int(t.num)
}

// Truthy returns the value's truth in Python. An ext is true, and so is what
// cannot be read.
func (v Raw) Truthy() bool {
	switch v.Kind() {
	case Nil:
		return false
	case Bool:
		b, _ := v.Bool()
		return b
	case Int, Float:
		f, _ := v.Float()
		return f != 0
	case Map, Array:
		return v.Len() > 0
	default:
		s, ok := v.Str()
		return !ok || s != ""
	}
}
