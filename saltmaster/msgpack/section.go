package msgpack

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
)

// Errors of reading a [Section] in pieces.
var (
	// ErrSource means that the bytes of a section could not be read.
	ErrSource = errors.New("input cannot be read")

	// ErrPiece is that of a map key or an extension that is longer than a piece.
	ErrPiece = errors.New("map key or extension is too long")
)

// windowSize is how many bytes of a section are in memory at once.
const windowSize = 128 << 10

// Section is one complete value that is in memory, or that is read in pieces from a
// file or whatever else has its bytes. Its zero value is malformed. It is safe for
// concurrent use if its source is.
type Section struct {
	raw Raw // if it is in memory

	src       io.ReaderAt
	off, size int64
}

// InMemory returns a section that is a value in memory.
func InMemory(v Raw) Section { return Section{raw: v, size: int64(len(v))} }

// NewSection returns the value of size bytes that begins at off.
func NewSection(src io.ReaderAt, off, size int64) Section {
	return Section{src: src, off: off, size: size}
}

// Size returns how many bytes the value takes.
func (s Section) Size() int64 { return s.size }

// IsInMemory reports whether Raw returns the value without reading it.
func (s Section) IsInMemory() bool { return s.src == nil }

// Raw returns the whole value in memory. The error wraps [ErrSource].
func (s Section) Raw() (Raw, error) {
	if s.IsInMemory() {
		return s.raw, nil
	}
	b := make([]byte, s.size)
	if err := s.readAt(b, 0); err != nil {
		return nil, err
	}
	return b, nil
}

// ReadAt implements io.ReaderAt: it reads the bytes of the value.
func (s Section) ReadAt(p []byte, off int64) (int, error) {
	if s.IsInMemory() {
		return bytes.NewReader(s.raw).ReadAt(p, off)
	}
	return io.NewSectionReader(s.src, s.off, s.size).ReadAt(p, off)
}

func (s Section) readAt(p []byte, off int64) error {
	n, err := s.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil {
		err = io.ErrUnexpectedEOF
	}
	return at(int(off), fmt.Errorf("%w: %w", ErrSource, err))
}

// Begin returns the first bytes of the value: all of it, or most at least.
func (s Section) Begin(most int) (Raw, error) {
	if s.IsInMemory() {
		return s.raw[:min(len(s.raw), most)], nil
	}
	b := make([]byte, min(int64(most), s.size))
	err := s.readAt(b, 0)
	return b, err
}

// Kind returns the kind of the value; Invalid if it is malformed or cannot be read.
func (s Section) Kind() Kind {
	const head = 6 // of any value
	b, err := s.Begin(head)
	if err != nil || len(b) == 0 {
		return Invalid
	}
	return kindByte(b[0])
}

// kindByte returns the kind of the value that begins with a byte.
func kindByte(c byte) Kind {
	switch {
	case c < 0x80, c >= 0xe0:
		return Int
	case c < 0x90:
		return Map
	case c < 0xa0:
		return Array
	case c < 0xc0:
		return Str
	}
	return forms[c-0xc0].kind
}

// Each calls f with the entries of a map, in order, duplicates included: the key,
// which is good until f returns, and the value. It stops at the first error of f and
// returns it as it is. ErrKind if s is not a map. What is in the values is not looked
// at, other than for their ends.
func (s Section) Each(f func(key Raw, val Section) error) error {
	if s.IsInMemory() {
		return s.raw.Each(func(k, v Raw) error { return f(k, InMemory(v)) })
	}
	return s.each(Map, f)
}

// Elems calls f with the elements of an array, as Each does with those of a map.
func (s Section) Elems(f func(val Section) error) error {
	if s.IsInMemory() {
		return s.raw.Elems(func(v Raw) error { return f(InMemory(v)) })
	}
	return s.each(Array, func(_ Raw, val Section) error { return f(val) })
}

func (s Section) each(kind Kind, f func(key Raw, val Section) error) error {
	w := newWindow(s, nil)
	n, err := w.container(kind)
	if err != nil {
		return err
	}
	for range n {
		var key Raw
		if kind == Map {
			if key, err = w.key(); err != nil {
				return err
			}
			key = bytes.Clone(key) // what follows may move the window
		}
		from := w.pos()
		if err := w.skip(); err != nil {
			return err
		}
		if err := f(key, Section{src: s.src, off: s.off + from, size: w.pos() - from}); err != nil {
			return err
		}
	}
	if w.rest() > 0 {
		return w.fail(ErrTrailing)
	}
	return nil
}

// Lookup returns the value of key in a map: the last one if the key stands there more
// than once. ok is false if s is not a map, or lacks the key. The error is that of
// reading a map.
func (s Section) Lookup(key string) (val Section, ok bool, err error) {
	err = s.Each(func(k Raw, v Section) error {
		r := NewReader(k)
		if name, err := r.Bytes(); err == nil && string(name) == key {
			val, ok = v, true
		}
		return nil
	})
	if errors.Is(err, ErrKind) {
		err = nil
	}
	if err != nil {
		return Section{}, false, err
	}
	return val, ok, nil
}

// window is the part of a section that is in memory, and the offset in it.
type window struct {
	s        Section
	buf      []byte
	base     int64 // offset of buf in the section
	off, end int   // in buf
	err      error // of reading
}

// newWindow returns the beginning of a section. buf is the memory of the window, unless
// it is nil.
func newWindow(s Section, buf []byte) *window {
	if buf == nil {
		buf = make([]byte, min(windowSize, s.size))
	}
	return &window{s: s, buf: buf}
}

// pos returns the offset in the section.
func (w *window) pos() int64 { return w.base + int64(w.off) }

// rest returns how many bytes of the section follow.
func (w *window) rest() int64 { return w.s.size - w.pos() }

func (w *window) bytes() []byte { return w.buf[w.off:w.end] }

// grow reads until the window is full or the section over. It reports false when there
// is nothing to add.
func (w *window) grow() bool {
	if w.err != nil || w.rest() == int64(w.end-w.off) {
		return false
	}
	if w.off == 0 && w.end == len(w.buf) {
		return false
	}
	copy(w.buf, w.bytes())
	w.base, w.end, w.off = w.pos(), w.end-w.off, 0
	more := w.buf[w.end:min(int64(len(w.buf)), w.rest())]
	if w.err = w.s.readAt(more, w.base+int64(w.end)); w.err != nil {
		return false
	}
	w.end += len(more)
	return true
}

// jump moves n bytes ahead.
func (w *window) jump(n uint64) error {
	if n > uint64(w.rest()) {
		return w.fail(ErrTruncated)
	}
	if n <= uint64(w.end-w.off) {
		w.off += int(n)
		return nil
	}
	w.base, w.off, w.end = w.pos()+int64(n), 0, 0
	return nil
}

// fail returns the error for the value at the offset, unless it could not be read.
func (w *window) fail(err error) error {
	if w.err != nil {
		return w.err
	}
	return at(int(w.pos()), err)
}

// head reads the head of the next value as longHead does.
func (w *window) head() (head, inside, payload uint64, err error) {
	for {
		if b := w.bytes(); len(b) > 0 {
			if size := uint64(sizes[b[0]]); size > 0 {
				return 1, 0, size - 1, nil
			}
			if head, inside, payload, err = longHead(b); err != nil {
				return 0, 0, 0, w.fail(err)
			}
			if head > 0 {
				return head, inside, payload, nil
			}
		}
		if !w.grow() {
			return 0, 0, 0, w.fail(ErrTruncated)
		}
	}
}

// skip passes over one value, however it is nested.
func (w *window) skip() error {
	for left := uint64(1); left > 0; {
		head, inside, payload, err := w.head()
		if err != nil {
			return err
		}
		if err := w.jump(head + payload); err != nil {
			return err
		}
		if left += inside - 1; left > uint64(w.rest()) {
			return w.fail(ErrTruncated)
		}
	}
	return nil
}

// container reads the head of a container and returns how many entries it has.
func (w *window) container(kind Kind) (n int, err error) {
	head, inside, _, err := w.head()
	if err != nil {
		return 0, err
	}
	if kindByte(w.buf[w.off]) != kind {
		return 0, w.fail(ErrKind)
	}
	if inside > uint64(w.rest())-head || inside > math.MaxInt32 {
		return 0, w.fail(ErrTruncated)
	}
	w.off += int(head)
	if kind == Map {
		inside /= 2
	}
	return int(inside), nil
}

// whole returns the next value if all of it is in the window and not nested deep, and
// nil otherwise.
func (w *window) whole() Raw {
	for {
		b := w.bytes()
		if end := pass(b, 0); end != gaveUp {
			w.off += end
			return Raw(b[:end:end])
		}
		if !w.grow() {
			return nil
		}
	}
}

// key returns a map key, which has to be in the window.
func (w *window) key() (Raw, error) {
	if v := w.whole(); v != nil {
		return v, nil
	}
	b := w.bytes()
	end, err := skip(b, 0) // it may be nested deep
	switch {
	case err == nil:
		w.off += end
		return Raw(b[:end:end]), nil
	case errors.Is(err, ErrTruncated) && w.rest() > int64(len(b)):
		return nil, w.fail(ErrPiece)
	}
	return nil, w.fail(errors.Unwrap(err))
}
