package peertest

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
)

// tcpWire is the master's side of Salt's transport tcp.
type tcpWire struct {
	nc  net.Conn
	r   *bufio.Reader
	mid []byte // of the request that was read last, as it came
}

// NewTCP makes the master's side of Salt's transport tcp.
func NewTCP(nc net.Conn, r *bufio.Reader) Wire { return &tcpWire{nc: nc, r: r} }

func (w *tcpWire) Handshake() error { return nil }

func (w *tcpWire) Request() ([]byte, error) {
	if err := w.expect("\x82\xa4head\x81\xa3mid"); err != nil {
		return nil, err
	}
	var err error
	if w.mid, err = appendValue(nil, w.r); err != nil {
		return nil, err
	}
	if err := w.expect("\xa4body"); err != nil {
		return nil, err
	}
	return appendValue(nil, w.r)
}

func (w *tcpWire) expect(text string) error {
	got := make([]byte, len(text))
	if _, err := io.ReadFull(w.r, got); err != nil {
		return err
	}
	if string(got) != text {
		return fmt.Errorf("%q where %q was expected", got, text)
	}
	return nil
}

func (w *tcpWire) Reply(payload []byte) error {
	reply := append([]byte("\x82\xa4head\x81\xa3mid"), w.mid...)
	reply = append(append(reply, "\xa4body"...), payload...)
	_, err := w.nc.Write(reply)
	return err
}

// appendValue appends the next msgpack value that is read from r, which has no extensions.
func appendValue(dst []byte, r *bufio.Reader) ([]byte, error) {
	c, err := r.ReadByte()
	if err != nil {
		return nil, err
	}
	dst = append(dst, c)
	take := func(n uint64) (b []byte, err error) {
		if n > 256<<20 {
			return nil, errors.New("value too large for a test")
		}
		from := len(dst)
		dst = append(dst, make([]byte, n)...)
		_, err = io.ReadFull(r, dst[from:])
		return dst[from:], err
	}
	length := func(bytes uint64) (uint64, error) {
		b, err := take(bytes)
		return binary.BigEndian.Uint64(append(make([]byte, 8-len(b)), b...)), err
	}
	var n, values uint64
	switch {
	case c < 0x80 || c >= 0xe0 || c == 0xc0 || c == 0xc2 || c == 0xc3:
		return dst, nil
	case c < 0x90:
		values = 2 * uint64(c&0x0f)
	case c < 0xa0:
		values = uint64(c & 0x0f)
	case c < 0xc0:
		_, err = take(uint64(c & 0x1f))
	case c >= 0xc4 && c <= 0xc6:
		if n, err = length(1 << (c - 0xc4)); err == nil {
			_, err = take(n)
		}
	case c >= 0xd9 && c <= 0xdb:
		if n, err = length(1 << (c - 0xd9)); err == nil {
			_, err = take(n)
		}
	case c == 0xca || c == 0xcb:
		_, err = take(4 << (c - 0xca))
	case c >= 0xcc && c <= 0xcf:
		_, err = take(1 << (c - 0xcc))
	case c >= 0xd0 && c <= 0xd3:
		_, err = take(1 << (c - 0xd0))
	case c == 0xdc || c == 0xdd:
		values, err = length(2 << (c - 0xdc))
	case c == 0xde || c == 0xdf:
		n, err = length(2 << (c - 0xde))
		values = 2 * n
	default:
		return nil, fmt.Errorf("%#02x is no value of a request", c)
	}
	for ; err == nil && values > 0; values-- {
		dst, err = appendValue(dst, r)
	}
	return dst, err
}
