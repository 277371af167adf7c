package msgpack

import (
	"io"
	"math"
	"slices"
)

// AppendJSON appends v to dst as JSON, as salt-api prints what it unpacked:
// salt.utils.json.dumps with separators ", " and ": ", raw UTF-8, the order of
// the keys kept, and duplicate keys written once (see [dict]). Keys are
// written by the rule of Python's json module: null, true, 1 and 1.5 become
// "null", "true", "1" and "1.5", and may then stand beside equal text keys.
// NaN, Infinity and -Infinity are written so, although JSON has no such words.
//
// Salt-api answers 500, or never sees the event, where the data has values
// that Python's json refuses. AppendJSON gives text for these:
//
//   - bytes (the bin family) and str that is not UTF-8 become a string; each
//     run of bytes that are not UTF-8 becomes one U+FFFD. Equal bytes and text
//     count as one key.
//   - a datetime (ext 78) and a msgpack timestamp become ISO 8601 as of
//     Python's isoformat; the latter in UTC.
//   - a Salt constant (ext 79) becomes "<Constant.NAME>".
//   - any other extension, and a malformed one, becomes its data as a string.
//
// A map key that is an array or a map, as a tuple of Python's is packed, becomes
// the JSON that it is as a value: {(1, "a"): 2} is {"[1, \"a\"]": 2}. One inside
// of such a key is refused, ErrKey: quotes of quotes of quotes would grow
// without end. On an error dst is returned unchanged.
func AppendJSON(dst []byte, v Raw) ([]byte, error) {
	if uint64(len(v)) > math.MaxUint32 {
		return dst, at(0, ErrTooLarge)
	}
	before := len(dst)
	dst = slices.Grow(dst, len(v)+len(v)/4)
	if out, ok := appendOnePass(dst, v, nil); ok {
		return out, nil
	}
	return appendTwoPass(dst[:before], v, 0, nil)
}

// Sink is where a [JSONWriter] writes to.
type Sink interface {
	io.Writer

	// Size returns how many bytes were written.
	Size() int64

	// Truncate removes all that was written after the first size bytes.
	Truncate(size int64) error
}

// JSONWriter writes values as JSON, in pieces of about 64 KiB: the memory that it
// takes does not grow with them.
type JSONWriter struct {
	to  Sink
	buf []byte

	window []byte // of sections
}

// NewJSONWriter returns a writer.
func NewJSONWriter(to Sink) *JSONWriter { return &JSONWriter{to: to} }

// WriteValue writes v as [AppendJSON] appends it. Nothing of a value that is
// refused stays in the sink. Other errors are those of the sink.
func (w *JSONWriter) WriteValue(v Raw) error {
	if uint64(len(v)) > math.MaxUint32 {
		return at(0, ErrTooLarge)
	}
	before := w.to.Size()
	to := &pieces{sink: w.to}
	out, ok := appendOnePass(w.buf[:0], v, to)
	if !ok && to.err == nil {
		if to.err = w.to.Truncate(before); to.err != nil {
			return to.err
		}
		var err error
		if out, err = appendTwoPass(out[:0], v, 0, to); err != nil {
			return err
		}
	}
	if cap(out) > cap(w.buf) {
		w.buf = out
	}
	if to.err != nil {
		return to.err
	}
	_, err := w.to.Write(out)
	return err
}

const (
	// piece is how many bytes are written at once, and textPiece how many bytes of
	// one text are appended in between.
	piece     = 64 << 10
	textPiece = 16 << 10
)

// pieces writes JSON as it grows. A nil *pieces lets it grow.
type pieces struct {
	sink Sink
	err  error // of the sink
}

// next writes dst and returns an empty buffer if dst is large.
func (p *pieces) next(dst []byte) []byte {
	if p == nil || len(dst) < piece || p.err != nil {
		return dst
	}
	if _, p.err = p.sink.Write(dst); p.err != nil {
		return dst
	}
	return dst[:0]
}

// quoted appends s as a JSON string.
func (p *pieces) quoted(dst, s []byte) []byte {
	if p == nil || len(s) <= textPiece {
		return appendQuoted(dst, s)
	}
	dst = append(dst, '"')
	replaced := false
	for len(s) > 0 {
		n := wholeRunes(s, textPiece)
		dst, replaced = appendEscaped(dst, s[:n], replaced)
		if dst = p.next(dst); p.err != nil {
			return dst
		}
		s = s[n:]
	}
	return append(dst, '"')
}
