package saltmaster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// How a silent master is watched: one ping at a time, until one is answered.
const (
	probeEvery   = 500 * time.Millisecond
	probeTimeout = 2 * time.Second
)

// health remembers that the master let a request time out. From then on,
// until a ping is answered, requests fail at once instead of each waiting for
// its own time-out. A master that refuses connections needs no memory: that
// is seen anew, at once, by each request.
type health struct {
	probing atomic.Bool
	watch   sync.WaitGroup
	closed  context.Context
	close   context.CancelFunc
}

func (h *health) check() error {
	if h.probing.Load() {
		return fmt.Errorf("%w: it stopped answering", ErrDown)
	}
	return nil
}

// silent starts the watch, if none is running. It ends by itself as soon as
// probe returns something other than a time-out.
func (h *health) silent(probe func(context.Context) error) {
	if h.closed.Err() != nil || !h.probing.CompareAndSwap(false, true) {
		return
	}
	h.watch.Go(func() {
		defer h.probing.Store(false)
		for {
			ctx, cancel := context.WithTimeoutCause(h.closed, probeTimeout, ErrTimeout)
			err := probe(ctx)
			cancel()
			if !errors.Is(err, ErrTimeout) {
				return
			}
			select {
			case <-h.closed.Done():
				return
			case <-time.After(probeEvery):
			}
		}
	})
}

// Answers reports whether the master has answered the last request in time, as
// far as is known. It asks nothing.
func (c *Client) Answers() bool { return c.health.check() == nil }

// probe pings around the health check, which would refuse it.
func (c *Client) probe(ctx context.Context) error {
	_, err := c.send(ctx, load("ping", 0))
	return err
}

// Ping sends the master a request that one of its workers has to answer. It
// needs no credentials.
func (c *Client) Ping(ctx context.Context) error {
	answer, err := c.do(ctx, load("ping", 0))
	if err != nil {
		return err
	}
	if answer.LookupStr("cmd") != "ping" {
		return fmt.Errorf("%w: ping was not echoed", ErrProtocol)
	}
	return nil
}
