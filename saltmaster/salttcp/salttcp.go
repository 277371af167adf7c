package salttcp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/reqpool"
)

// Protocol is the transport tcp of Salt's option transport.
func Protocol() reqpool.Protocol { return reqpool.Protocol{Name: "tcp", Open: open} }

// NewPool makes a pool of connections with [Protocol].
func NewPool(opts reqpool.Options) *reqpool.Pool { return reqpool.New(Protocol(), opts) }

// open returns a connection at once: there is no handshake.
func open(_ context.Context, nc net.Conn, maxReply int64) (reqpool.Conn, error) {
	peek, err := reqpool.NewPeeker(nc)
	if err != nil {
		return nil, err
	}
	return &conn{nc: nc, peek: peek, limit: maxReply}, nil
}

var errProtocol = errors.New("salt tcp protocol error")

func protocolError(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errProtocol, fmt.Sprintf(format, args...))
}

// conn is one connection. One goroutine uses it at a time.
type conn struct {
	nc    net.Conn
	peek  reqpool.Peeker
	limit int64 // most bytes of a reply
	sent  int64 // the number of the last request
}

// Send writes {"head": {"mid": number}, "body": payload}, where payload is a msgpack value.
func (c *conn) Send(payload []byte) (n int64, err error) {
	c.sent++
	head := msgpack.AppendMap(make([]byte, 0, 32), 2)
	head = msgpack.AppendString(head, "head")
	head = msgpack.AppendMap(head, 1)
	head = msgpack.AppendInt(msgpack.AppendString(head, "mid"), c.sent)
	head = msgpack.AppendString(head, "body")
	bufs := net.Buffers{head, payload}
	n, err = bufs.WriteTo(c.nc)
	if _, secured := c.nc.(*tls.Conn); secured && err != nil {
		n = max(n, 1) // a record that was not written whole does not count
	}
	return n, err
}

// maxHead is how many bytes a reply may have beside its body.
const maxHead = 256

// firstRead is how many bytes are made ready for a reply before anything of it is there.
const firstRead = 4 << 10

// Receive reads one reply and returns its body.
func (c *conn) Receive() ([]byte, error) {
	var (
		extent msgpack.Extent
		buf    = make([]byte, 0, firstRead)
	)
	for {
		done, err := extent.Scan(buf)
		if err != nil {
			return nil, protocolError("%v", err)
		}
		if extent.End() > uint64(max(c.limit, 0)+maxHead) {
			return nil, protocolError("a reply of %d bytes or more, at most %d are accepted", extent.End(), c.limit)
		}
		if done {
			if uint64(len(buf)) > extent.End() {
				return nil, protocolError("bytes after the reply")
			}
			return c.body(buf)
		}
		if len(buf) == cap(buf) {
			// As much again as has arrived: memory is not given on the sender's word.
			buf = append(make([]byte, 0, 4*cap(buf)), buf...)
		}
		n, err := c.nc.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err == io.EOF {
			return nil, io.ErrUnexpectedEOF
		}
		if err != nil && n == 0 {
			return nil, err
		}
	}
}

// body returns the body of the reply to the last request.
func (c *conn) body(reply msgpack.Raw) ([]byte, error) {
	if err := msgpack.Valid(reply); err != nil {
		return nil, protocolError("%v", err)
	}
	head, hasHead := reply.Lookup("head")
	body, hasBody := reply.Lookup("body")
	if !hasHead || !hasBody {
		return nil, protocolError("a reply without head and body")
	}
	mid, _ := head.Lookup("mid")
	if number, ok := mid.Int(); !ok || number != c.sent {
		return nil, protocolError("the reply to another request")
	}
	return body, nil
}

// Settle returns an error when the peer has closed the connection, or sent something without a request.
func (c *conn) Settle() error {
	pending, err := c.peek.Pending()
	if err == nil && pending {
		err = protocolError("message without a request")
	}
	return err
}

// Close does nothing: all that there is is the net.Conn.
func (c *conn) Close() {}
