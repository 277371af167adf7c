package zmtp

import (
	"bufio"
	"net"

	"github.com/saltern-api/saltern/saltmaster/internal/bounded"
	"github.com/saltern-api/saltern/saltmaster/reqpool"
)

// conn is one connection after its handshake. One goroutine uses it at a time.
type conn struct {
	nc    net.Conn
	peek  reqpool.Peeker
	r     *bufio.Reader
	limit int64 // most bytes of a reply

	head [2 + 9]byte // delimiter frame and the payload frame's header
}

func newConn(nc net.Conn, limit int64) (*conn, error) {
	peek, err := reqpool.NewPeeker(nc)
	if err != nil {
		return nil, err
	}
	return &conn{nc: nc, peek: peek, r: bufio.NewReaderSize(nc, 4<<10), limit: limit}, nil
}

// Send writes the empty delimiter frame that a REQ socket puts first and then the payload.
// n is how many bytes the kernel took: with none of them the peer cannot have seen the request.
func (c *conn) Send(payload []byte) (n int64, err error) {
	head := appendHeader(c.head[:0], flagMore, 0)
	head = appendHeader(head, 0, len(payload))
	bufs := net.Buffers{head, payload}
	return bufs.WriteTo(c.nc)
}

// Receive reads the reply: an empty delimiter frame and one payload frame.
func (c *conn) Receive() ([]byte, error) {
	flags, body, err := c.message()
	if err != nil {
		return nil, bounded.Unexpected(err)
	}
	if flags&flagMore == 0 || len(body) != 0 {
		return nil, protocolError("reply does not begin with an empty delimiter frame")
	}
	flags, body, err = c.message()
	if err != nil {
		return nil, bounded.Unexpected(err)
	}
	if flags&flagMore != 0 {
		return nil, protocolError("reply has more than one frame")
	}
	return body, nil
}

// message returns the next message frame and deals with the commands before it. libzmq may put a heartbeat
// between two frames of one message, so commands are accepted there as well.
func (c *conn) message() (flags byte, body []byte, err error) {
	for {
		flags, body, err = readFrame(c.r, c.limit)
		if err != nil || flags&flagCommand == 0 {
			return flags, body, err
		}
		if err = c.command(body); err != nil {
			return 0, nil, err
		}
	}
}

// command answers a PING and turns an ERROR into an error. Commands that it does not know are passed over.
func (c *conn) command(body []byte) error {
	name, rest, err := splitCommand(body)
	if err != nil {
		return err
	}
	switch name {
	case "PING":
		const ttl, maxContext = 2, 16
		if len(rest) < ttl || len(rest) > ttl+maxContext {
			return protocolError("PING with %d bytes", len(rest))
		}
		pong := append(appendName(nil, "PONG"), rest[ttl:]...)
		_, err = c.nc.Write(append(appendHeader(nil, flagCommand, len(pong)), pong...))
		return err
	case "ERROR":
		return peerError(rest)
	}
	return nil
}

// Settle looks, without waiting, at what arrived while the connection was idle, and answers heartbeats.
// It returns an error when the connection cannot be used for another request: the peer closed it, or sent
// a message without a request.
func (c *conn) Settle() error {
	for {
		if c.r.Buffered() == 0 {
			pending, err := c.peek.Pending()
			if err != nil || !pending {
				return err
			}
		}
		flags, body, err := readFrame(c.r, c.limit)
		if err != nil {
			return err
		}
		if flags&flagCommand == 0 {
			return protocolError("message without a request")
		}
		if err := c.command(body); err != nil {
			return err
		}
	}
}

// Close does nothing: all that there is is the net.Conn.
func (c *conn) Close() {}
