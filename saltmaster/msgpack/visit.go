package msgpack

import "hash/maphash"

// Visitor is called by [Section.Visit] with the values of a section, in order. Bytes
// are good until the method returns. An error ends the visit, and is returned as it
// is.
type Visitor interface {
	// Value is called with a whole value that is in depth containers. It may be any
	// that is not long.
	Value(v Raw, depth int) error

	// Text is called with the parts of a long text: first with nil, and last is set
	// with the last one. Other parts than the last end with a rune.
	Text(part []byte, last bool) error

	// Open and Close are called before and after the values of a long container, Next
	// before each element or entry, and Key with a key.
	Open(k Kind) error
	Next(i int) error
	Key(v Raw, depth int) error
	Close(k Kind) error
}

// Visit calls v with all that is in the section. Errors are those of the bytes, which
// may be malformed, and of v. A section in memory is one value, unchecked.
func (s Section) Visit(v Visitor) error { return s.visit(v, nil) }

func (s Section) visit(v Visitor, buf []byte) error {
	if s.IsInMemory() {
		return v.Value(s.raw, 0)
	}
	w := newWindow(s, buf)
	if err := w.visit(v, 0); err != nil {
		return err
	}
	if w.rest() > 0 {
		return w.fail(ErrTrailing)
	}
	return nil
}

// visit visits the next value.
func (w *window) visit(v Visitor, depth int) error {
	if whole := w.whole(); whole != nil {
		return v.Value(whole, depth)
	}
	head, _, payload, err := w.head()
	if err != nil {
		return err
	}
	switch k := kindByte(w.buf[w.off]); k {
	case Array, Map:
		return w.visitContainer(v, k, depth)
	case Str, Bin:
		if payload > uint64(w.rest())-head {
			return w.fail(ErrTruncated)
		}
		w.off += int(head)
		return w.visitText(v, payload)
	case Ext:
		if head+payload <= uint64(w.rest()) {
			return w.fail(ErrPiece)
		}
	}
	return w.fail(ErrTruncated)
}

func (w *window) visitContainer(v Visitor, k Kind, depth int) error {
	if depth == MaxDepth {
		return w.fail(ErrTooDeep)
	}
	n, err := w.container(k)
	if err != nil {
		return err
	}
	if err := v.Open(k); err != nil {
		return err
	}
	for i := range n {
		if err := v.Next(i); err != nil {
			return err
		}
		if k == Map {
			key, err := w.key()
			if err != nil {
				return err
			}
			if err := v.Key(key, depth+1); err != nil {
				return err
			}
		}
		if err := w.visit(v, depth+1); err != nil {
			return err
		}
	}
	return v.Close(k)
}

// visitText visits a text of n bytes.
func (w *window) visitText(v Visitor, n uint64) error {
	if err := v.Text(nil, n == 0); err != nil {
		return err
	}
	for n > 0 {
		if uint64(w.end-w.off) < min(n, textPiece, uint64(len(w.buf))) && !w.grow() {
			return w.fail(ErrTruncated)
		}
		b := w.bytes()
		b = b[:min(n, uint64(len(b)))]
		part := b[:wholeRunes(b, textPiece)]
		if len(part) == len(b) && uint64(len(b)) < n {
			part = b[:wholeRunes(b, len(b)-1)]
		}
		w.off += len(part)
		n -= uint64(len(part))
		if err := v.Text(part, n == 0); err != nil {
			return err
		}
	}
	return nil
}

// WriteSection is [JSONWriter.WriteValue] for a section. What is longer than 128 KiB
// is read in pieces; where keys of such a map are equal, all stand in the JSON, and
// the last one counts for those that read it.
func (w *JSONWriter) WriteSection(s Section) error {
	if s.IsInMemory() {
		return w.WriteValue(s.raw)
	}
	if len(w.window) < windowSize {
		w.window = make([]byte, min(windowSize, s.size))
	}
	return w.writeSection(s, w.window)
}

func (w *JSONWriter) writeSection(s Section, window []byte) error {
	before := w.to.Size()
	v := &jsonVisitor{one: onePass{seed: maphash.MakeSeed()}, dst: w.buf[:0], to: &pieces{sink: w.to}}
	err := s.visit(v, window)
	if err == nil {
		_, v.to.err = w.to.Write(v.dst)
	}
	if cap(v.dst) > cap(w.buf) {
		w.buf = v.dst
	}
	if v.to.err != nil {
		return v.to.err
	}
	if err != nil {
		if failed := w.to.Truncate(before); failed != nil {
			return failed
		}
	}
	return err
}

// jsonVisitor writes what it visits as JSON.
type jsonVisitor struct {
	one onePass // its memory is used again
	dst []byte
	to  *pieces

	replaced bool // see appendEscaped
}

func (v *jsonVisitor) flush() error {
	v.dst = v.to.next(v.dst)
	return v.to.err
}

func (v *jsonVisitor) Value(val Raw, depth int) error {
	w := &v.one
	w.src, w.values, w.keys, w.tables = val, 1, w.keys[:0], w.tables[:0]
	before := len(v.dst)
	dst, end := w.value(v.dst, 0, depth)
	if end != len(val) {
		var err error
		if dst, err = appendTwoPass(dst[:before], val, depth, nil); err != nil {
			v.dst = dst
			return err
		}
	}
	v.dst = dst
	return v.flush()
}

func (v *jsonVisitor) Text(part []byte, last bool) error {
	if part == nil {
		v.dst, v.replaced = append(v.dst, '"'), false
	}
	v.dst, v.replaced = appendEscaped(v.dst, part, v.replaced)
	if last {
		v.dst = append(v.dst, '"')
	}
	return v.flush()
}

func (v *jsonVisitor) Open(k Kind) error {
	if k == Map {
		v.dst = append(v.dst, '{')
	} else {
		v.dst = append(v.dst, '[')
	}
	return nil
}

func (v *jsonVisitor) Next(i int) error {
	if i > 0 {
		v.dst = append(v.dst, ", "...)
	}
	return nil
}

func (v *jsonVisitor) Key(key Raw, depth int) error {
	w := twoPass{src: key, dict: newDict(), inKey: true}
	if _, err := w.check(0, depth); err != nil {
		return err
	}
	v.dst, _ = w.writeKey(v.dst, 0)
	v.dst = append(v.dst, ": "...)
	return v.flush()
}

func (v *jsonVisitor) Close(k Kind) error {
	if k == Map {
		v.dst = append(v.dst, '}')
	} else {
		v.dst = append(v.dst, ']')
	}
	return v.flush()
}
