package bounded

import (
	"bytes"
	"io"
)

// Trusted is how many bytes are allocated on a sender's word alone; a longer
// message grows as it arrives.
const Trusted = 256 << 10

// Read reads size bytes. The error is io.EOF when the stream ends before the
// first of them, and as io.ReadFull's or the reader's own otherwise.
func Read(r io.Reader, size int64) ([]byte, error) {
	if size <= Trusted {
		body := make([]byte, size)
		_, err := io.ReadFull(r, body)
		return body, err
	}
	var buf bytes.Buffer
	buf.Grow(Trusted)
	if _, err := io.CopyN(&buf, r, size); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// Unexpected turns the end of the stream inside a message into an error that
// says so.
func Unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
