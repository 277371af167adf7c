package saltmaster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/reqpool"
)

// protocolVersion is the envelope's version. Masters refuse clear requests
// below minimum_auth_version, which is 3.
const protocolVersion = 3

// A Requester carries one request to the master and brings its answer back.
// *reqpool.Pool is one.
type Requester interface {
	Request(ctx context.Context, payload []byte) ([]byte, error)
}

var _ Requester = (*reqpool.Pool)(nil)

// Options of a [Client]. The zero value works.
type Options struct {
	// User is what publish requests name as the sender. The master looks it
	// up in publisher_acl_blacklist and then puts the token's user in its
	// place.
	User string

	// Timeout bounds each request. Default 30 s.
	Timeout time.Duration
}

// Client sends the master's clear commands. All methods may be called from
// many goroutines at once.
type Client struct {
	wire   Requester
	opts   Options
	health health
}

// New returns a client that sends over wire.
func New(wire Requester, opts Options) *Client {
	if opts.Timeout <= 0 {
		opts.Timeout = 30 * time.Second
	}
	if opts.User == "" {
		opts.User = "root"
	}
	c := &Client{wire: wire, opts: opts}
	c.health.closed, c.health.close = context.WithCancel(context.Background())
	return c
}

// Close ends what the client does on its own. Requests still work after it.
func (c *Client) Close() {
	c.health.close()
	c.health.watch.Wait()
}

// load starts a clear request: the envelope around a load of n entries beside
// cmd.
func load(cmd string, n int) []byte {
	b := make([]byte, 0, 512)
	b = msgpack.AppendMap(b, 3)
	b = msgpack.AppendString(b, "enc")
	b = msgpack.AppendString(b, "clear")
	b = msgpack.AppendString(b, "version")
	b = msgpack.AppendInt(b, protocolVersion)
	b = msgpack.AppendString(b, "load")
	b = msgpack.AppendMap(b, n+1)
	return appendPair(b, "cmd", cmd)
}

func appendPair(b []byte, key, value string) []byte {
	return msgpack.AppendString(msgpack.AppendString(b, key), value)
}

func appendRaw(b []byte, key string, value msgpack.Raw) []byte {
	return append(msgpack.AppendString(b, key), value...)
}

// do sends one request and returns the master's answer, which is one complete
// msgpack value and not an error.
func (c *Client) do(ctx context.Context, payload []byte) (msgpack.Raw, error) {
	if err := c.health.check(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.opts.Timeout, ErrTimeout)
	defer cancel()
	answer, err := c.send(ctx, payload)
	if errors.Is(err, ErrTimeout) {
		c.health.silent(c.probe)
	}
	return answer, err
}

func (c *Client) send(ctx context.Context, payload []byte) (msgpack.Raw, error) {
	b, err := c.wire.Request(ctx, payload)
	if err != nil {
		return nil, wireError(ctx, err)
	}
	if err := msgpack.Valid(b); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	answer := msgpack.Raw(b)
	return answer, answerError(answer)
}

// wireError is what a failed exchange means for the caller. A context that
// the caller itself ended is passed on as it is.
func wireError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		if cause := context.Cause(ctx); errors.Is(cause, ErrTimeout) {
			return fmt.Errorf("%w: %w", ErrTimeout, err)
		}
		return ctx.Err()
	}
	if wire, ok := errors.AsType[*reqpool.Error](err); ok && !wire.Sent {
		return fmt.Errorf("%w: %w", ErrDown, err)
	}
	return fmt.Errorf("%w: %w", ErrLost, err)
}

// answerError finds the error in an answer. The master has three ways to say
// no: an error map, a bare text, and a clustered master's retry flag.
func answerError(answer msgpack.Raw) error {
	if text, ok := answer.Str(); ok {
		switch text {
		case "":
			return ErrUnauthenticated
		default:
			return &RefusedError{Message: text}
		}
	}
	if msg, ok := answer.Lookup("error"); ok {
		return namedError(msg)
	}
	if inner, ok := answer.Lookup("load"); ok {
		if retry, ok := inner.Lookup("cluster_retry"); ok {
			if yes, _ := retry.Bool(); yes {
				return fmt.Errorf("%w: the cluster is not ready", ErrDown)
			}
		}
	}
	return nil
}

func namedError(e msgpack.Raw) error {
	if text, ok := e.Str(); ok {
		return &RefusedError{Message: text}
	}
	name := e.LookupStr("name")
	message := e.LookupStr("message")
	switch name {
	case "AuthenticationError":
		return ErrUnauthenticated
	case "AuthorizationError":
		return ErrUnauthorized
	case "TokenAuthenticationError", "EauthAuthenticationError":
		return authenticationError(name, message)
	}
	return &RefusedError{Name: name, Message: message}
}
