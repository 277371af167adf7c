package zmtp

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/saltern-api/saltern/saltmaster/reqpool"
)

// Protocol is the transport zeromq, Salt's default.
func Protocol() reqpool.Protocol { return reqpool.Protocol{Name: "zmtp", Open: open} }

// NewPool makes a pool of connections with [Protocol].
func NewPool(opts reqpool.Options) *reqpool.Pool { return reqpool.New(Protocol(), opts) }

func open(_ context.Context, nc net.Conn, maxReply int64) (reqpool.Conn, error) {
	c, err := newConn(nc, maxReply)
	if err != nil {
		return nil, err
	}
	if err := handshake(c.r, nc); err != nil {
		return nil, err
	}
	return c, nil
}

// errProtocol is wrapped by everything a peer says that ZMTP does not allow.
var errProtocol = errors.New("zmtp protocol error")

func protocolError(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errProtocol, fmt.Sprintf(format, args...))
}
