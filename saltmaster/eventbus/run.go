package eventbus

import (
	"context"
	"log/slog"
	"net"
	"time"

	"github.com/saltern-api/saltern/internal/pause"
)

const (
	minBackoff = 50 * time.Millisecond
	maxBackoff = time.Second
)

// Run connects, reads, and connects again when the connection is lost, until ctx ends. It then closes every Sub
// and returns the context's error. It may be called once.
func (b *Bus) Run(ctx context.Context) error {
	defer b.end()
	log := b.opts.Log.With(slog.String("address", b.opts.Address))
	backoff := minBackoff
	for failures := 0; ctx.Err() == nil; {
		conn, err := b.dial(ctx)
		if err == nil {
			log.Info("event bus is connected")
			before := b.counts.events.Load()
			err = b.serve(ctx, conn)
			if b.counts.events.Load() != before {
				backoff = minBackoff
			}
			failures = 0
		}
		if ctx.Err() != nil {
			break
		}
		if failures++; failures == 1 { // later ones would say the same again
			log.Warn("event bus is not connected", slog.Any("error", err))
		}
		_ = pause.For(ctx, backoff)
		backoff = min(2*backoff, maxBackoff)
	}
	return ctx.Err()
}

// serve reads one connection to its end.
func (b *Bus) serve(ctx context.Context, conn net.Conn) error {
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()

	b.setUp()
	defer b.connected.Store(false)

	s := newStream(countedReader{conn, &b.counts.bytes}, b.opts.MaxFrame)
	var subs []*Sub
	for {
		tag, err := s.open()
		if err != nil {
			return err
		}
		b.framing.Store(int32(s.framing))
		b.counts.events.Add(1)
		subs = b.wanting(subs[:0], tag)
		body, err := s.finish(len(subs) > 0)
		if err != nil {
			return err
		}
		if len(subs) == 0 {
			continue
		}
		event := Event{Tag: tag, Data: body[len(tag)+len(separator):]}
		for _, sub := range subs {
			sub.push(event)
		}
		clear(subs) // holds no closed Sub until the next wanted event
	}
}

// setUp notes that the bus is connected. Every Sub that exists has missed what was said until now.
func (b *Bus) setUp() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.each(func(s *Sub) { s.mark(ErrGap) })
	b.connected.Store(true)
	if b.counts.connects.Add(1) == 1 {
		close(b.up)
	}
}

// end closes every Sub, and those still to come.
func (b *Bus) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	b.each((*Sub).end)
	b.jobs, b.expect = map[string][]*Sub{}, nil
}
