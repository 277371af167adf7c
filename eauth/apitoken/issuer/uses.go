package issuer

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// uses writes the last uses of tokens in the background, so that requests do not
// wait for writes to disk.
type uses struct {
	store apitoken.Tokens
	log   *slog.Logger
	queue chan use
}

type use struct {
	id string
	apitoken.Use
}

const (
	maxUses    = 1024
	useTimeout = 10 * time.Second
)

func newUses(store apitoken.Tokens, log *slog.Logger) *uses {
	return &uses{store: store, log: log, queue: make(chan use, maxUses)}
}

// note queues a use to be written. Where the queue is full it is dropped: the next
// use comes soon.
func (u *uses) note(r apitoken.Record, at time.Time, from Origin) {
	if !r.TouchDue(at) {
		return
	}
	ids := []string{r.ID}
	if r.Parent != "" {
		ids = append(ids, r.Parent) // a use of an access token is one of its parent
	}
	for _, id := range ids {
		select {
		case u.queue <- use{id, apitoken.Use{At: at, Addr: from.Addr, Agent: from.Agent}}:
		default:
			return
		}
	}
}

func (u *uses) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case n := <-u.queue:
			u.write(ctx, n)
		}
	}
}

func (u *uses) write(ctx context.Context, n use) {
	ctx, cancel := context.WithTimeout(ctx, useTimeout)
	defer cancel()
	err := u.store.Touch(ctx, n.id, n.Use)
	if err != nil && !errors.Is(err, apitoken.ErrNotFound) {
		u.log.DebugContext(ctx, "the last use of a token was not written down", slog.Any("error", err))
	}
}
