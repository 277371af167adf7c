package zmtp

import (
	"bufio"
	"encoding/binary"
	"io"

	"github.com/saltern-api/saltern/saltmaster/internal/bounded"
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
		return 0, nil, bounded.Unexpected(err)
	}
	size := binary.BigEndian.Uint64(head[:])
	if size > uint64(limit) {
		return 0, nil, protocolError("frame of %d bytes, at most %d are accepted", size, limit)
	}
	body, err = bounded.Read(r, int64(size))
	return flags, body, bounded.Unexpected(err)
}

// appendHeader appends a frame's flags and size.
func appendHeader(dst []byte, flags byte, size int) []byte {
	if size <= 255 {
		return append(dst, flags, byte(size))
	}
	return binary.BigEndian.AppendUint64(append(dst, flags|flagLong), uint64(size))
}
