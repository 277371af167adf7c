package eventbus

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// ProbePrefix begins the tags of the events by which a [Firer] finds out how the master reads. They mean nothing to
// any other sender.
const ProbePrefix = "saltern/probe/"

// bareHead is how long the bare framing is waited for before the other one is tried. It is the first because a master
// that reads the other one passes over it in silence, while the reverse puts an error into the master's log.
const bareHead = time.Second

// puller returns how the master reads events. The first event on each connection of the bus finds it out.
func (f *Firer) puller(ctx context.Context) (puller, error) {
	if how, ok := f.cached(); ok {
		return how, nil
	}
	select {
	case f.probe <- struct{}{}:
		defer func() { <-f.probe }()
	case <-ctx.Done():
		return puller{}, ctx.Err()
	}
	if how, ok := f.cached(); ok { // another one has found out meanwhile
		return how, nil
	}
	if !f.bus.Connected() {
		return puller{}, fmt.Errorf("%w: not connected", ErrUnavailable)
	}
	how := puller{connection: f.bus.counts.connects.Load()}
	var err error
	if how.framing, err = f.findOut(ctx); err != nil {
		return puller{}, err
	}
	f.opts.Log.Info("the master takes events", slog.String("framing", how.framing.String()))
	f.mu.Lock()
	defer f.mu.Unlock()
	f.known = how
	return how, nil
}

func (f *Firer) cached() (puller, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.known, f.known.framing != FramingUnknown && f.known.connection == f.bus.counts.connects.Load()
}

// forget makes the next event find out anew, unless that has happened already.
func (f *Firer) forget(how puller) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.known == how {
		f.known = puller{}
	}
}

// findOut fires events that mean nothing, one framing after the other, until one of them comes back.
func (f *Firer) findOut(ctx context.Context) (Framing, error) {
	prefix := ProbePrefix + rand.Text() + "/"
	sub := f.bus.Expect(prefix)
	defer sub.Close()
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			_ = c.Close()
		}
	}()
	for _, try := range []struct {
		framing Framing
		wait    time.Duration
	}{{FramingBare, min(bareHead, f.opts.Confirm)}, {FramingPrefixed, f.opts.Confirm}} {
		framing, conn, err := f.try(ctx, sub, prefix, try.framing, try.wait)
		if conn != nil {
			conns = append(conns, conn) // an answer to it may still come
		}
		if err == nil || !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			return framing, err
		}
	}
	return 0, fmt.Errorf("%w: the master reads no framing that is known", ErrUnavailable)
}

// try fires one probe and waits for any to come back.
func (f *Firer) try(
	ctx context.Context, sub *Sub, prefix string, framing Framing, wait time.Duration,
) (Framing, net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	conn, err := f.hand(ctx, framing, prefix+framing.String(), withStamp(msgpack.AppendMap(nil, 0), f.stampText()))
	if err != nil {
		return 0, nil, err
	}
	for {
		event, err := sub.Next(ctx)
		switch {
		case err != nil && ctx.Err() != nil:
			return 0, conn, err
		case err != nil:
			return 0, conn, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		switch strings.TrimPrefix(event.Tag, prefix) {
		case FramingBare.String():
			return FramingBare, conn, nil
		case FramingPrefixed.String():
			return FramingPrefixed, conn, nil
		}
	}
}
