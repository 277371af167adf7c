package msgpack

import "math"

// Reader walks over msgpack values without allocating. A method that fails
// leaves the reader where it was. What it returns as []byte or [Raw] aliases
// the input.
//
//	r := msgpack.NewReader(b)
//	n, err := r.MapLen()
//	for range n {
//		key, err := r.Bytes()
//		val, err := r.Raw()
//	}
type Reader struct {
	b   []byte
	off int
}

// NewReader returns a Reader at the start of b.
func NewReader(b []byte) Reader { return Reader{b: b} }

// Done reports whether all input is read.
func (r *Reader) Done() bool { return r.off == len(r.b) }

// Rest returns the input not yet read.
func (r *Reader) Rest() []byte { return r.b[r.off:] }

// Offset is the number of bytes read.
func (r *Reader) Offset() int { return r.off }

// Kind returns the kind of the next value; Invalid at the end of the input.
func (r *Reader) Kind() Kind {
	t, err := next(r.b[r.off:])
	if err != nil {
		return Invalid
	}
	return t.kind
}

// take reads a token of kind k, or of kind or.
func (r *Reader) take(k, or Kind) (token, error) {
	t, err := next(r.b[r.off:])
	if err == nil && t.kind != k && t.kind != or {
		err = ErrKind
	}
	if err != nil {
		return token{}, at(r.off, err)
	}
	r.off += t.size
	return t, nil
}

// Nil reads a nil.
func (r *Reader) Nil() error {
	_, err := r.take(Nil, Nil)
	return err
}

// Bool reads a bool.
func (r *Reader) Bool() (bool, error) {
	t, err := r.take(Bool, Bool)
	return t.num == 1, err
}

// Int64 reads an integer; ErrRange if it is above math.MaxInt64.
func (r *Reader) Int64() (int64, error) {
	from := r.off
	t, err := r.take(Int, Int)
	if err == nil && !t.neg && t.num > math.MaxInt64 {
		r.off = from
		return 0, at(from, ErrRange)
	}
	return int64(t.num), err
}

// Uint64 reads an integer; ErrRange if it is below zero.
func (r *Reader) Uint64() (uint64, error) {
	from := r.off
	t, err := r.take(Int, Int)
	if err == nil && t.neg {
		r.off = from
		return 0, at(from, ErrRange)
	}
	return t.num, err
}

// Float64 reads a float, or an integer as one.
func (r *Reader) Float64() (float64, error) {
	t, err := r.take(Float, Int)
	return t.asFloat(), err
}

func (t token) asFloat() float64 {
	switch {
	case t.kind == Float:
		return t.float()
	case t.neg:
		return float64(int64(t.num))
	}
	return float64(t.num)
}

// Bytes reads a value of the str or the bin family. The result aliases the
// input.
func (r *Reader) Bytes() ([]byte, error) {
	from := r.off
	t, err := r.take(Str, Bin)
	if err != nil {
		return nil, err
	}
	return t.payload(r.b[from:]), nil
}

// String reads a value of the str or the bin family. It is not checked to be
// UTF-8.
func (r *Reader) String() (string, error) {
	b, err := r.Bytes()
	return string(b), err
}

// Ext reads an extension value. The data aliases the input.
func (r *Reader) Ext() (code int8, data []byte, err error) {
	from := r.off
	t, err := r.take(Ext, Ext)
	if err != nil {
		return 0, nil, err
	}
	return t.ext, t.payload(r.b[from:]), nil
}

// ArrayLen reads the header of an array; that many values follow. The input
// has at least as many bytes left.
func (r *Reader) ArrayLen() (int, error) {
	t, err := r.take(Array, Array)
	return int(t.num), err
}

// MapLen reads the header of a map; that many pairs of values follow. The
// input has at least twice as many bytes left.
func (r *Reader) MapLen() (int, error) {
	t, err := r.take(Map, Map)
	return int(t.num), err
}

// Skip passes over one complete value.
func (r *Reader) Skip() error {
	off, err := skip(r.b, r.off)
	if err == nil {
		r.off = off
	}
	return err
}

// Raw reads one complete value as its bytes, which alias the input.
func (r *Reader) Raw() (Raw, error) {
	from := r.off
	if err := r.Skip(); err != nil {
		return nil, err
	}
	return Raw(r.b[from:r.off:r.off]), nil
}
