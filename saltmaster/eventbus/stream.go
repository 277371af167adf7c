package eventbus

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"

	"github.com/saltern-api/saltern/saltmaster/internal/bounded"
)

// Framing is how a publisher separates its messages.
type Framing int32

const (
	// FramingUnknown is what it is before the first byte of a connection.
	FramingUnknown Framing = iota
	// FramingPrefixed has a 4-byte big-endian length before each message: masters 3006.26 and later of 3006.
	FramingPrefixed
	// FramingBare has one msgpack value after the other: all other masters.
	FramingBare
)

func (f Framing) String() string {
	switch f {
	case FramingPrefixed:
		return "prefixed"
	case FramingBare:
		return "bare"
	}
	return "unknown"
}

var errMalformed = errors.New("malformed event stream")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errMalformed, fmt.Sprintf(format, args...))
}

const (
	// maxTag is how far into a body its tag may reach, in bytes. Salt's own tags are far shorter; an event with
	// a longer one is none of Salt's and is skipped.
	maxTag = 4 << 10
	// maxPairs bounds a message's outer map, which has two: head and body.
	maxPairs = 16
	// largeBody is how many bytes a body has for whose sake memory is freed first: reading it takes longer.
	largeBody = 16 << 20
	// maxHeadDepth bounds the nesting of what stands beside the body. Salt sends an empty map.
	maxHeadDepth = 16
)

// stream reads messages, each with open and then finish, in one pass and without holding more than it must.
// A malformed byte cannot be recovered from: in a bare stream nothing says where the next message begins.
type stream struct {
	r       *bufio.Reader
	max     int64 // most bytes of a message
	framing Framing

	left  int64 // most bytes that the message at hand can still have
	pairs int   // pairs of its map that are not yet read
	body  int64 // bytes of its body, once open has returned
}

func newStream(r io.Reader, max int) *stream {
	return &stream{r: bufio.NewReaderSize(r, 64<<10), max: int64(max)}
}

// open reads up to a message's body and returns the tag the body begins with; a body without one has an empty tag.
// The error is io.EOF only between two messages.
func (s *stream) open() (tag string, err error) {
	if err := s.begin(); err != nil {
		return "", err
	}
	tag, err = s.toBody()
	return tag, bounded.Unexpected(err)
}

func (s *stream) begin() error {
	first, err := s.r.Peek(1)
	if err != nil {
		return err
	}
	if s.framing == FramingUnknown {
		// A message is a map, and no length within bounds begins with the byte of a map.
		s.framing = FramingBare
		if first[0] < 0x80 {
			s.framing = FramingPrefixed
		}
	}
	s.left = s.max
	if s.framing == FramingBare {
		return nil
	}
	prefix, err := s.r.Peek(4)
	if err != nil {
		return bounded.Unexpected(err)
	}
	size := int64(binary.BigEndian.Uint32(prefix))
	if size > s.max {
		return malformed("message of %d bytes, at most %d are accepted", size, s.max)
	}
	_, _ = s.r.Discard(4)
	s.left = size
	return nil
}

func (s *stream) toBody() (tag string, err error) {
	h, err := s.header()
	if err != nil {
		return "", err
	}
	if h.kind != kindMap || h.size > maxPairs {
		return "", malformed("message is not a small map")
	}
	for s.pairs = int(h.size); s.pairs > 0; {
		s.pairs--
		isBody, err := s.key()
		if err != nil {
			return "", err
		}
		if isBody {
			return s.tag()
		}
		if err := s.skip(0); err != nil {
			return "", err
		}
	}
	return "", malformed("message has no body")
}

// tag reads the body's size and looks at its beginning.
func (s *stream) tag() (string, error) {
	h, err := s.header()
	if err != nil {
		return "", err
	}
	if h.kind != kindText {
		return "", malformed("body is not a string")
	}
	s.body = h.size
	begin, err := s.r.Peek(int(min(s.body, maxTag)))
	if err != nil {
		return "", err
	}
	tag, _, found := bytes.Cut(begin, separator)
	if !found {
		return "", nil
	}
	return string(tag), nil
}

// separator stands between an event's tag and its data.
var separator = []byte("\n\n")

func (s *stream) key() (isBody bool, err error) {
	h, err := s.header()
	if err != nil {
		return false, err
	}
	if h.kind != kindText || h.size > 255 {
		return false, malformed("map key is not a short string")
	}
	key, err := s.r.Peek(int(h.size))
	if err != nil {
		return false, err
	}
	isBody = string(key) == "body"
	return isBody, s.discard(h.size)
}

// finish reads the rest of the message that open began, and returns the body when keep is true. The body is the
// caller's own.
func (s *stream) finish(keep bool) (body []byte, err error) {
	if keep {
		if s.body >= largeBody {
			runtime.GC() // the one before may be garbage
		}
		body, err = bounded.Read(s.r, s.body)
		s.left -= s.body
	} else {
		err = s.discard(s.body)
	}
	for ; err == nil && s.pairs > 0; s.pairs-- {
		if _, err = s.key(); err == nil {
			err = s.skip(0)
		}
	}
	if err != nil {
		return nil, bounded.Unexpected(err)
	}
	if s.framing == FramingPrefixed && s.left != 0 {
		return nil, malformed("%d bytes after the message in its frame", s.left)
	}
	return body, nil
}
