package zmtptest

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/saltern-api/saltern/saltmaster/reqpool/peertest"
)

// Conn is one accepted connection.
type Conn = peertest.Conn

// Wire is the side of a ROUTER socket.
type Wire struct {
	// Pongs counts the answers to [Ping].
	Pongs atomic.Int64

	nc  net.Conn
	r   *bufio.Reader
	buf []byte
}

// New makes a Wire on a connection that was accepted.
func New(nc net.Conn, r *bufio.Reader) peertest.Wire { return &Wire{nc: nc, r: r} }

// Listen starts a peer on an address, for example on "tcp" and "127.0.0.1:0" or on "unix" and a path. The test's end
// stops it.
func Listen(t testing.TB, network, address string, h peertest.Handler) *peertest.Peer {
	t.Helper()
	return peertest.Listen(t, peertest.Options{Wire: New, Network: network, Address: address}, h)
}

// Reply writes an empty delimiter frame and payload.
func (c *Wire) Reply(payload []byte) error {
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
func Ping(c *Conn, context string) error {
	body := "\x04PING\x00\x64" + context
	return c.Write([]byte("\x04" + string(rune(len(body))) + body))
}

// Pongs counts the answers to [Ping] on a connection.
func Pongs(c *Conn) int64 { return c.Wire.(*Wire).Pongs.Load() }

const ready = "\x04\x29\x05READY\x0bSocket-Type\x00\x00\x00\x06ROUTER\x08Identity\x00\x00\x00\x00"

func (c *Wire) write(b []byte) error {
	_, err := c.nc.Write(b)
	return err
}

// Handshake exchanges greetings and READY commands.
func (c *Wire) Handshake() error {
	greeting := append([]byte("\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x01NULL"), make([]byte, 48)...)
	if err := c.write(greeting); err != nil {
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
	return c.write([]byte(ready))
}

// Request reads commands and one request: an empty delimiter frame and a payload frame.
func (c *Wire) Request() ([]byte, error) {
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

func (c *Wire) frame() (flags byte, body []byte, err error) {
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
