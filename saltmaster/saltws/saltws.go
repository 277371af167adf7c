package saltws

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/coder/websocket"

	"github.com/saltern-api/saltern/saltmaster/reqpool"
)

// Protocol is the transport ws of Salt's option transport.
func Protocol() reqpool.Protocol { return reqpool.Protocol{Name: "ws", Open: open} }

// NewPool makes a pool of connections with [Protocol].
func NewPool(opts reqpool.Options) *reqpool.Pool { return reqpool.New(Protocol(), opts) }

var errProtocol = errors.New("salt ws protocol error")

// open has the connection become a WebSocket. The name in the request does not matter: masters look at neither host
// nor path.
func open(ctx context.Context, nc net.Conn, maxReply int64) (reqpool.Conn, error) {
	peek, err := reqpool.NewPeeker(nc)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		DialContext:            func(context.Context, string, string) (net.Conn, error) { return nc, nil },
		MaxResponseHeaderBytes: 8 << 10,
		Proxy:                  nil,
	}
	ws, res, err := websocket.Dial(ctx, "ws://master/ws", &websocket.DialOptions{ //nolint:bodyclose // Dial has read it, or it is the connection
		HTTPClient: &http.Client{Transport: transport}, CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		transport.CloseIdleConnections()
		if res != nil {
			return nil, fmt.Errorf("%w: the peer answers %d", errProtocol, res.StatusCode)
		}
		return nil, err
	}
	ws.SetReadLimit(maxReply)
	return &conn{ws: ws, peek: peek}, nil
}

// conn is one connection. One goroutine uses it at a time, and the deadline of the net.Conn below interrupts it.
type conn struct {
	ws   *websocket.Conn
	peek reqpool.Peeker
}

// Send writes payload as a message. A message that failed may have arrived.
func (c *conn) Send(payload []byte) (n int64, err error) {
	if err := c.ws.Write(context.Background(), websocket.MessageBinary, payload); err != nil {
		return 1, err
	}
	return int64(len(payload)), nil
}

// Receive reads one message.
func (c *conn) Receive() ([]byte, error) {
	kind, reply, err := c.ws.Read(context.Background())
	if err != nil {
		return nil, err
	}
	if kind != websocket.MessageBinary {
		return nil, fmt.Errorf("%w: the reply is a text", errProtocol)
	}
	return reply, nil
}

// Settle returns an error when the peer has closed the connection, or sent something without a request.
func (c *conn) Settle() error {
	pending, err := c.peek.Pending()
	if err == nil && pending {
		err = fmt.Errorf("%w: message without a request", errProtocol)
	}
	return err
}

// Close ends the goroutine that a WebSocket has.
func (c *conn) Close() { _ = c.ws.CloseNow() }
