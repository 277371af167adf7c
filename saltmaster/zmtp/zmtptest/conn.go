package zmtptest

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
)

// Conn is one accepted connection.
type Conn struct {
	// Pongs counts the answers to Ping.
	Pongs atomic.Int64

	nc net.Conn
	r  *bufio.Reader

	mu  sync.Mutex // guards writing
	buf []byte
}

func newConn(nc net.Conn) *Conn { return &Conn{nc: nc, r: bufio.NewReaderSize(nc, 16<<10)} }

// Reply writes an empty delimiter frame and payload.
func (c *Conn) Reply(payload []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.buf = append(c.buf[:0], 1, 0)
	if len(payload) < 256 {
		c.buf = append(c.buf, 0, byte(len(payload)))
	} else {
		c.buf = binary.BigEndian.AppendUint64(append(c.buf, 2), uint64(len(payload)))
	}
	c.buf = append(c.buf, payload...)
	_, err := c.nc.Write(c.buf)
	if cap(c.buf) > 1<<20 {
		c.buf = nil
	}
	return err
}

// Ping sends a heartbeat with a time to live of ten seconds.
func (c *Conn) Ping(context string) error {
	body := "\x04PING\x00\x64" + context
	return c.Write([]byte("\x04" + string(rune(len(body))) + body))
}

// Write writes bytes as they are.
func (c *Conn) Write(b []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.nc.Write(b)
	return err
}

// ReadByte takes the next byte off the connection: a handler can so see another request arrive and leave it there.
func (c *Conn) ReadByte() (byte, error) { return c.r.ReadByte() }

// Close closes the connection.
func (c *Conn) Close() error { return c.nc.Close() }

func (c *Conn) serve(mute bool, h Handler) {
	if mute {
		_, _ = io.Copy(io.Discard, c.r)
		return
	}
	if err := c.handshake(); err != nil {
		return
	}
	for {
		request, err := c.request()
		if err != nil {
			return
		}
		h(c, request)
	}
}

const ready = "\x04\x29\x05READY\x0bSocket-Type\x00\x00\x00\x06ROUTER\x08Identity\x00\x00\x00\x00"

func (c *Conn) handshake() error {
	greeting := append([]byte("\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x01NULL"), make([]byte, 48)...)
	if err := c.Write(greeting); err != nil {
		return err
	}
	var theirs [64]byte
	if _, err := io.ReadFull(c.r, theirs[:]); err != nil {
		return err
	}
	if string(theirs[10:16]) != "\x03\x01NULL" {
		return errors.New("not a ZMTP 3.1 NULL greeting")
	}
	flags, body, err := c.frame()
	if err != nil {
		return err
	}
	if flags != 4 || !strings.HasPrefix(string(body), "\x05READY") || !strings.Contains(string(body), "Socket-Type\x00\x00\x00\x03REQ") {
		return errors.New("not READY of a REQ socket")
	}
	return c.Write([]byte(ready))
}

// request reads commands and one request: an empty delimiter frame and a payload frame.
func (c *Conn) request() ([]byte, error) {
	for delimited := false; ; {
		flags, body, err := c.frame()
		switch {
		case err != nil:
			return nil, err
		case flags&4 != 0:
			if strings.HasPrefix(string(body), "\x04PONG") {
				c.Pongs.Add(1)
			}
		case !delimited && flags&1 != 0 && len(body) == 0:
			delimited = true
		case delimited && flags&1 == 0:
			return body, nil
		default:
			return nil, errors.New("not the request of a REQ socket")
		}
	}
}

func (c *Conn) frame() (flags byte, body []byte, err error) {
	var head [9]byte
	if _, err = io.ReadFull(c.r, head[:2]); err != nil {
		return 0, nil, err
	}
	size := uint64(head[1])
	if head[0]&2 != 0 {
		if _, err = io.ReadFull(c.r, head[2:]); err != nil {
			return 0, nil, err
		}
		size = binary.BigEndian.Uint64(head[1:])
	}
	if size > 256<<20 {
		return 0, nil, errors.New("frame too large for a test")
	}
	body = make([]byte, size)
	_, err = io.ReadFull(c.r, body)
	return head[0], body, err
}
