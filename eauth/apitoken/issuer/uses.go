package issuer

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// uses writes down when tokens were used, behind the requests' back: a request
// waits for no write to the disk.
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

// note has a use written down. Where too many wait already it is dropped: the
// next one comes in a moment.
func (u *uses) note(r apitoken.Record, at time.Time, from Origin) {
	if !r.TouchDue(at) {
		return
	}
	ids := []string{r.ID}
	if r.Parent != "" {
		ids = append(ids, r.Parent) // it is in use as long as what it was exchanged for
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
