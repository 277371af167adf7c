package saltmaster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// WheelCall is a wheel function for the master to run.
type WheelCall struct {
	Fun   string
	Arg   msgpack.Raw // an array
	Kwarg msgpack.Raw // a map
	Token string
	Login Login // in place of Token, where it has an Eauth

	// JID is a job id to run under, or "". A master of 3006 or 3007 runs the
	// function under it, as an inner job of one with an id of its own, and
	// names the latter in its answer. One of 3008 takes no notice.
	JID string
}

// Wheel runs a wheel function and returns the master's answer when the
// function is done: a map of tag and data. It is never sent twice.
//
// The arguments travel as a pair of arg and kwarg, the one form that takes
// positional arguments too. Options.Timeout does not bound it, since a
// function may take as long as it likes; a master that does not answer pings
// in the meantime is given up.
func (c *Client) Wheel(ctx context.Context, w WheelCall) (msgpack.Raw, error) {
	if err := c.health.check(); err != nil {
		return nil, err
	}
	answer, err := c.patiently(ctx, w.load())
	if err != nil {
		return nil, err
	}
	if data, ok := answer.Lookup("data"); !ok || data.Kind() != msgpack.Map {
		return nil, fmt.Errorf("%w: wheel without data", ErrProtocol)
	}
	return answer, nil
}

func (w WheelCall) load() []byte {
	n := 3 + authorityPairs(w.Login)
	if w.JID != "" {
		n += 2
	}
	b := load("wheel", n)
	b = appendPair(b, "fun", w.Fun)
	b = appendRaw(b, "arg", w.Arg)
	b = appendRaw(b, "kwarg", w.Kwarg)
	b = appendAuthority(b, w.Token, w.Login)
	if w.JID != "" {
		b = appendPair(b, "__jid__", w.JID)
		b = appendPair(b, "__tag__", "salt/wheel/"+w.JID)
	}
	return b
}

// patiently sends a request and waits for the answer as long as the master is
// alive.
func (c *Client) patiently(ctx context.Context, payload []byte) (msgpack.Raw, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	var watch sync.WaitGroup
	defer watch.Wait()
	defer cancel(nil)
	watch.Go(func() {
		if c.watch(ctx) {
			cancel(errNoPing)
		}
	})
	answer, err := c.send(ctx, payload)
	if err != nil && errors.Is(context.Cause(ctx), errNoPing) {
		return nil, errNoPing
	}
	return answer, err
}

var errNoPing = fmt.Errorf("%w: nor a ping meanwhile", ErrTimeout)

// watch pings the master once in Options.Timeout, until ctx ends or, then
// dead is true, the master is silent.
func (c *Client) watch(ctx context.Context) (dead bool) {
	every := time.NewTicker(c.opts.Timeout)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-every.C:
		}
		if err := c.Ping(ctx); errors.Is(err, ErrTimeout) || errors.Is(err, ErrDown) {
			return ctx.Err() == nil
		}
	}
}
