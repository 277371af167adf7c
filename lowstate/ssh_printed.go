package lowstate

import (
	"bufio"
	"errors"
	"io"
	"slices"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// printedHost is what salt-ssh prints for a host: the JSON of a value, in so many bytes.
type printedHost struct {
	id        string
	off, size int64
}

var errNotPrinted = errors.New("it is no object of JSON")

// printedHosts finds the hosts in an object of JSON, which is read in pieces: of equal
// ones the last one counts, in the place of the first. Of the values no more is checked
// than where they end.
func printedHosts(r io.Reader) (hosts []printedHost, err error) {
	s := printedScanner{r: bufio.NewReader(r)}
	at := make(map[string]int)
	err = s.object(func(h printedHost) {
		if i, twice := at[h.id]; twice {
			hosts[i] = h
			return
		}
		at[h.id] = len(hosts)
		hosts = append(hosts, h)
	})
	return slices.Clip(hosts), err
}

// printedScanner reads bytes of JSON, and keeps the offset of the next one.
type printedScanner struct {
	r   *bufio.Reader
	off int64
}

// next returns the next byte that is no white space.
func (s *printedScanner) next() (byte, error) {
	for {
		c, err := s.byte()
		if err != nil || c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return c, err
		}
	}
}

func (s *printedScanner) byte() (byte, error) {
	c, err := s.r.ReadByte()
	if err == nil {
		s.off++
	}
	return c, err
}

// object calls f with the entries.
func (s *printedScanner) object(f func(h printedHost)) error {
	if c, err := s.next(); err != nil || c != '{' {
		return broken(err)
	}
	c, err := s.next()
	for first := true; err == nil && (c != '}' || !first); first = false {
		var h printedHost
		if h, c, err = s.entry(c); err != nil {
			break
		}
		f(h)
		if c == '}' {
			break
		}
		c, err = s.next()
	}
	if err != nil {
		return broken(err)
	}
	if _, err := s.next(); !errors.Is(err, io.EOF) {
		return broken(err)
	}
	return nil
}

// broken returns the error of reading, or that of bytes that are not as they have to be.
func broken(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return errNotPrinted
	}
	return err
}

// maxHostID bounds the text of an id, in bytes.
const maxHostID = 64 << 10

// entry reads an entry, whose first byte is c, and returns the comma or brace after it.
func (s *printedScanner) entry(c byte) (h printedHost, after byte, err error) {
	if c != '"' {
		return h, 0, errNotPrinted
	}
	text := []byte{'"'}
	err = s.text(func(c byte) error {
		if text = append(text, c); len(text) > maxHostID {
			return errNotPrinted
		}
		return nil
	})
	if err != nil {
		return h, 0, err
	}
	packed, err := msgpack.AppendFromJSON(nil, text)
	if err != nil {
		return h, 0, err
	}
	h.id, _ = msgpack.Raw(packed).Str()
	if c, err := s.next(); err != nil || c != ':' {
		return h, 0, broken(err)
	}
	if c, err = s.next(); err != nil {
		return h, 0, err
	}
	h.off = s.off - 1
	after, err = s.value(c)
	if h.size = s.off - 1 - h.off; err == nil && h.size == 0 {
		err = errNotPrinted
	}
	return h, after, err
}

// value passes over a value, whose first byte is c, and returns the byte after it.
func (s *printedScanner) value(c byte) (after byte, err error) {
	for depth := 0; err == nil; c, err = s.byte() {
		switch c {
		case '"':
			if err := s.text(func(byte) error { return nil }); err != nil {
				return 0, err
			}
		case '{', '[':
			depth++
		case '}', ']', ',':
			switch {
			case depth == 0 && c == ']':
				return 0, errNotPrinted
			case depth == 0:
				return c, nil
			case c != ',':
				depth--
			}
		}
	}
	return 0, err
}

// text calls f with the bytes of a text after its first quote, with the last one.
func (s *printedScanner) text(f func(c byte) error) error {
	for escaped := false; ; {
		c, err := s.byte()
		if err == nil {
			err = f(c)
		}
		if err != nil {
			return err
		}
		switch {
		case escaped:
			escaped = false
		case c == '\\':
			escaped = true
		case c == '"':
			return nil
		}
	}
}
