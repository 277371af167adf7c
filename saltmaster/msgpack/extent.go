package msgpack

// Extent finds the end of a value whose bytes arrive in pieces, and reads each
// byte once. The zero value is ready.
//
//	var e msgpack.Extent
//	for {
//		done, err := e.Scan(received) // all of the value that has arrived
//		if err != nil || done {
//			break // received[:e.End()] is the value
//		}
//		// receive more, so that there are at least e.End()+1 bytes
//	}
type Extent struct {
	begun bool
	left  uint64 // values that have not begun
	end   uint64 // offset of the next value, or of the end
}

// End returns the offset up to which the value is known: behind it when Scan has
// returned true, and otherwise the least that is needed before Scan gets further.
func (e *Extent) End() uint64 { return e.end }

// Scan reports whether b, which begins with what earlier calls were given, has
// the whole value. Whether it is nested too deep is for [Valid] to say. An error
// is that of a byte that begins no value.
func (e *Extent) Scan(b []byte) (done bool, err error) {
	if !e.begun {
		e.begun, e.left = true, 1
	}
	for e.left > 0 && e.end < uint64(len(b)) {
		c := b[e.end]
		if size := sizes[c]; size > 0 {
			e.end += uint64(size)
			e.left--
			continue
		}
		head, inside, payload, err := longHead(b[e.end:])
		if err != nil {
			return false, at(int(e.end), err)
		}
		if head == 0 { // its length has not arrived
			return false, nil
		}
		e.end += head + payload
		e.left += inside - 1
	}
	return e.left == 0 && e.end <= uint64(len(b)), nil
}

// longHead returns the bytes of the head of the value that begins b, which is
// not of a size that its first byte fixes, how many values are in it, and how
// many bytes of it come after the head. The head is 0 when b ends within it.
func longHead(b []byte) (head, inside, payload uint64, err error) {
	switch c := b[0]; {
	case c >= 0x80 && c < 0x90:
		return 1, 2 * uint64(c&0x0f), 0, nil
	case c >= 0x90 && c < 0xa0:
		return 1, uint64(c & 0x0f), 0, nil
	}
	f := forms[b[0]-0xc0]
	if f.kind == Invalid {
		return 0, 0, 0, ErrInvalid
	}
	if len(b) < 1+f.width {
		return 0, 0, 0, nil
	}
	head = uint64(1 + f.width)
	n := number(b[1:head])
	switch f.kind {
	case Array:
		return head, n, 0, nil
	case Map:
		return head, 2 * n, 0, nil
	case Ext:
		n++ // its type
	}
	return head, 0, n, nil
}
