package bounded

import "io"

// Trusted is how many bytes are allocated on a sender's word alone; a longer
// message grows as it arrives.
const Trusted = 256 << 10

// growth is how many times what has arrived is allocated for it and the next
// part: little of a large message is copied.
const growth = 16

// Read reads size bytes. The error is io.EOF when the stream ends before the
// first of them, and as io.ReadFull's or the reader's own otherwise.
func Read(r io.Reader, size int64) ([]byte, error) {
	if size <= Trusted {
		body := make([]byte, size)
		_, err := io.ReadFull(r, body)
		return body, err
	}
	var body []byte
	for have, room := 0, int64(Trusted); ; room = min(size, growth*room) {
		next := make([]byte, room)
		copy(next, body)
		body = next
		n, err := io.ReadFull(r, body[have:])
		if err == io.EOF && have > 0 {
			err = io.ErrUnexpectedEOF
		}
		if have += n; err != nil || room == size {
			return body[:have], err
		}
	}
}

// Unexpected turns the end of the stream inside a message into an error that
// says so.
func Unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
