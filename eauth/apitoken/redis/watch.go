package redis

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/internal/pause"
)

// A change is reported within the promised second, or else that it may have
// been missed: these three, one after the other, are less than that.
const (
	watchBlock = 250 * time.Millisecond // how long Redis waits for a change
	watchRead  = 500 * time.Millisecond // how long to wait for its reply, including that
	watchBegin = 300 * time.Millisecond // how long to wait for a new start
)

// place is a watcher's position in the stream of changes: the id of an entry,
// and our own number of it, which reveals a gap.
type place struct {
	id     string
	number int64
}

// Watch yields changes. They are read from a stream and not from a channel of
// Redis, which loses messages while no client listens. A watcher that had to
// start again, or finds that the stream was trimmed before it was read, yields
// a recheck.
func (s *Store) Watch(ctx context.Context) iter.Seq[apitoken.Notice] {
	return func(yield func(apitoken.Notice) bool) {
		for ctx.Err() == nil {
			began := time.Now()
			at, err := s.begin(ctx) // before the notice: no later change is missed
			if ctx.Err() != nil || !yield(apitoken.Notice{Recheck: true}) {
				return
			}
			if err == nil && !s.follow(ctx, at, yield) {
				return
			}
			_ = pause.For(ctx, watchBegin-time.Since(began))
		}
	}
}

// follow reads on from a place until something fails. It returns false when the
// caller wants no more notices.
func (s *Store) follow(ctx context.Context, at place, yield func(apitoken.Notice) bool) bool {
	for ctx.Err() == nil {
		entries, err := s.read(ctx, at)
		if err != nil {
			return ctx.Err() == nil
		}
		if len(entries) == 0 {
			continue
		}
		if !yield(notice(&at, entries)) {
			return false
		}
	}
	return false
}

// begin returns the place of the last change.
func (s *Store) begin(ctx context.Context) (place, error) {
	ctx, cancel := context.WithTimeout(ctx, watchBegin)
	defer cancel()
	last, err := s.client.XRevRangeN(ctx, s.key("changes"), "+", "-", 1).Result()
	if err != nil {
		return place{}, fmt.Errorf("begin to watch: %w", err)
	}
	if len(last) == 0 {
		return place{id: "0-0"}, nil
	}
	return place{last[0].ID, entryNumber(last[0])}, nil
}

// read waits a while for entries after a place.
func (s *Store) read(ctx context.Context, at place) ([]goredis.XMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, watchRead)
	defer cancel()
	streams, err := s.client.XRead(ctx, &goredis.XReadArgs{
		Streams: []string{s.key("changes"), at.id}, Count: 1000, Block: watchBlock,
	}).Result()
	if errors.Is(err, goredis.Nil) {
		return nil, nil // nothing has changed
	}
	if err != nil || len(streams) == 0 {
		return nil, fmt.Errorf("watch: %w", err)
	}
	return streams[0].Messages, nil
}

// notice combines entries into one notice, and advances the place past them.
func notice(at *place, entries []goredis.XMessage) (n apitoken.Notice) {
	for _, e := range entries {
		number := entryNumber(e)
		if number != at.number+1 {
			n.Recheck = true
		}
		*at = place{e.ID, number}
		if ids, ok := e.Values["revoked"].(string); ok {
			n.Revoked = append(n.Revoked, strings.Fields(ids)...)
		}
		if _, ok := e.Values["documents"]; ok {
			n.Documents = true
		}
	}
	return n
}

func entryNumber(e goredis.XMessage) int64 {
	text, _ := e.Values["number"].(string)
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}
