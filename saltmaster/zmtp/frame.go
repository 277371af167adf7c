package zmtp

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
)

// Frame flags (RFC 37, "framing"). The other bits are reserved and must be zero.
const (
	flagMore    = 0x01
	flagLong    = 0x02
	flagCommand = 0x04
)

// maxCommand bounds a command frame in bytes. READY with a few properties and PING are far below.
const maxCommand = 8 << 10

// readFrame reads one frame. A command may have up to maxCommand bytes, a message frame up to limit bytes.
// The body is the caller's.
func readFrame(r *bufio.Reader, limit int64) (flags byte, body []byte, err error) {
	var head [8]byte
	if flags, err = r.ReadByte(); err != nil {
		return 0, nil, err
	}
	if flags&^(flagMore|flagLong|flagCommand) != 0 {
		return 0, nil, protocolError("reserved frame flags %#02x", flags)
	}
	if flags&flagCommand != 0 {
		if flags&flagMore != 0 {
			return 0, nil, protocolError("command frame with the MORE flag")
		}
		limit = maxCommand
	}
	sizeBytes := head[7:]
	if flags&flagLong != 0 {
		sizeBytes = head[:]
	}
	if _, err = io.ReadFull(r, sizeBytes); err != nil {
		return 0, nil, unexpected(err)
	}
	size := binary.BigEndian.Uint64(head[:])
	if size > uint64(limit) {
		return 0, nil, protocolError("frame of %d bytes, at most %d are accepted", size, limit)
	}
	body, err = readBody(r, int64(size))
	return flags, body, unexpected(err)
}

// trusted is how many bytes are allocated on a peer's word alone; a longer body grows as its bytes arrive.
const trusted = 256 << 10

func readBody(r io.Reader, size int64) ([]byte, error) {
	if size <= trusted {
		body := make([]byte, size)
		_, err := io.ReadFull(r, body)
		return body, err
	}
	var buf bytes.Buffer
	buf.Grow(trusted)
	if _, err := io.CopyN(&buf, r, size); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// unexpected turns the end of the stream inside a frame into an error that says so.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// appendHeader appends a frame's flags and size.
func appendHeader(dst []byte, flags byte, size int) []byte {
	if size <= 255 {
		return append(dst, flags, byte(size))
	}
	return binary.BigEndian.AppendUint64(append(dst, flags|flagLong), uint64(size))
}
