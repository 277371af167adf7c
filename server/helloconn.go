package server

import (
	"encoding/binary"
	"io"
	"net"
)

const (
	recordHeader    = 5  // bytes of the header of a TLS record
	recordHandshake = 22 // the type of a record with a part of the handshake

	// mostHelloPart, in bytes, is the largest part of a client's first message that
	// crypto/tls reads into the buffer that it begins with.
	mostHelloPart = 480
)

// helloConn hands the first record of a TLS client on in several records, each with a
// part of what was in it, which a client might as well have sent itself (RFC 8446, 5.1).
//
// [tls.Conn] keeps a buffer for the largest record that it has read, as long as the
// connection is open, and another one for the largest message. The first message is
// larger than most that follow, for its post-quantum key: read in parts, it leaves 0.6 kB
// in the first of the buffers in place of 2.
type helloConn struct {
	net.Conn
	split *splitter // nil when the first record was read
}

func newHelloConn(c net.Conn) *helloConn { return &helloConn{Conn: c, split: &splitter{}} }

// Read implements io.Reader. It is for one goroutine at a time, as crypto/tls calls it.
func (c *helloConn) Read(p []byte) (int, error) {
	if c.split == nil {
		return c.Conn.Read(p)
	}
	n, more, err := c.split.read(c.Conn, p)
	if !more || err != nil {
		c.split = nil
	}
	return n, err
}

// NetConn returns the connection that is read.
func (c *helloConn) NetConn() net.Conn { return c.Conn }

// splitter reads one record as several. The zero value has read nothing.
type splitter struct {
	header [recordHeader]byte // of the record; its length is that of the next part
	part   int                // the length of each part but the last
	left   int                // bytes of the record that were not read yet
}

// read reads the next part of the record with a header of its own, and reports whether
// there are more. What need not be split is left as it is: there are no more then.
func (s *splitter) read(from io.Reader, p []byte) (n int, more bool, err error) {
	if s.left == 0 {
		n, err = io.ReadFull(from, s.header[:min(recordHeader, len(p))])
		length := int(binary.BigEndian.Uint16(s.header[recordHeader-2:]))
		if err != nil || n < recordHeader || s.header[0] != recordHandshake || length <= mostHelloPart || len(p) < recordHeader+mostHelloPart {
			return copy(p, s.header[:n]), false, err
		}
		s.part, s.left = helloPart(length), length
	}
	length := min(s.part, s.left)
	binary.BigEndian.PutUint16(s.header[recordHeader-2:], uint16(length)) //nolint:gosec // G115: it is no more than mostHelloPart
	n = copy(p, s.header[:])
	if len(p) < n+length {
		return 0, false, io.ErrShortBuffer
	}
	read, err := io.ReadFull(from, p[n:n+length])
	s.left -= read
	return n + read, s.left > 0, err
}

// helloPart returns the length of the parts of a message: a half of it, a quarter, an
// eighth and so on. The buffer that crypto/tls puts them together in doubles, and so is
// no larger in the end than for the whole.
func helloPart(length int) int {
	part := length
	for part > mostHelloPart {
		part = (part + 1) / 2
	}
	return part
}
