package eventbus

// kind is as much of a msgpack type as the walk over a message needs.
type kind uint8

const (
	kindFlat  kind = iota // size bytes of no interest follow
	kindText              // size bytes of the str or bin family follow
	kindArray             // size values follow
	kindMap               // size pairs of values follow
)

type header struct {
	kind kind
	size int64
}

// header reads a value's type and size. The bytes that the size promises are checked against those left, and a
// container's elements have at least one byte each, so no promise leads past the message's bound.
func (s *stream) header() (header, error) {
	first, err := s.peek(1)
	if err != nil {
		return header{}, err
	}
	h, sizeBytes, err := classify(first[0])
	if err != nil {
		return header{}, err
	}
	b, err := s.peek(1 + sizeBytes)
	if err != nil {
		return header{}, err
	}
	var size uint64
	for _, digit := range b[1:] {
		size = size<<8 | uint64(digit)
	}
	h.size += int64(size) // at most 32 bits were read
	if err := s.discard(int64(len(b))); err != nil {
		return header{}, err
	}
	if h.size > s.left {
		return header{}, malformed("value of %d bytes or more where %d are left", h.size, s.left)
	}
	return h, nil
}

// classify says what a value's first byte means: its kind, its size, and how many bytes hold (the rest of) the size.
func classify(b byte) (h header, sizeBytes int, err error) {
	switch {
	case b < 0x80 || b >= 0xe0: // small integers
		return header{}, 0, nil
	case b < 0x90:
		return header{kindMap, int64(b & 0x0f)}, 0, nil
	case b < 0xa0:
		return header{kindArray, int64(b & 0x0f)}, 0, nil
	case b < 0xc0:
		return header{kindText, int64(b & 0x1f)}, 0, nil
	}
	switch b {
	case 0xc0, 0xc2, 0xc3: // nil, false, true
		return header{}, 0, nil
	case 0xc4, 0xc5, 0xc6: // bin
		return header{kind: kindText}, 1 << (b - 0xc4), nil
	case 0xc7, 0xc8, 0xc9: // ext: the type's byte is not part of the size
		return header{size: 1}, 1 << (b - 0xc7), nil
	case 0xca, 0xcb: // floats
		return header{size: 4 << (b - 0xca)}, 0, nil
	case 0xcc, 0xcd, 0xce, 0xcf: // unsigned integers
		return header{size: 1 << (b - 0xcc)}, 0, nil
	case 0xd0, 0xd1, 0xd2, 0xd3: // signed integers
		return header{size: 1 << (b - 0xd0)}, 0, nil
	case 0xd4, 0xd5, 0xd6, 0xd7, 0xd8: // fixed ext, with the type's byte
		return header{size: 1 + 1<<(b-0xd4)}, 0, nil
	case 0xd9, 0xda, 0xdb: // str
		return header{kind: kindText}, 1 << (b - 0xd9), nil
	case 0xdc, 0xdd:
		return header{kind: kindArray}, 2 << (b - 0xdc), nil
	case 0xde, 0xdf:
		return header{kind: kindMap}, 2 << (b - 0xde), nil
	}
	return header{}, 0, malformed("%#02x is no msgpack type", b)
}

// skip passes over one value.
func (s *stream) skip(depth int) error {
	h, err := s.header()
	if err != nil {
		return err
	}
	values := int64(0)
	switch h.kind {
	case kindArray:
		values = h.size
	case kindMap:
		values = 2 * h.size
	default:
		return s.discard(h.size)
	}
	if depth == maxHeadDepth && values > 0 {
		return malformed("nested deeper than %d", maxHeadDepth)
	}
	for ; values > 0; values-- {
		if err := s.skip(depth + 1); err != nil {
			return err
		}
	}
	return nil
}

// peek returns the message's next n bytes, or fails when it cannot have so many.
func (s *stream) peek(n int) ([]byte, error) {
	if int64(n) > s.left {
		return nil, malformed("%d bytes where %d are left", n, s.left)
	}
	return s.r.Peek(n)
}

// discard passes over n bytes of the message, or fails when it cannot have so many.
func (s *stream) discard(n int64) error {
	if n > s.left {
		return malformed("%d bytes where %d are left", n, s.left)
	}
	s.left -= n
	_, err := s.r.Discard(int(n))
	return err
}
