package netapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/internal/pause"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/waiting"
)

// Returns has which minions return for a job, where nothing is recorded.
type Returns interface {
	// Of begins to listen for the returns of a job. What is returned has to be closed.
	Of(jid string) Returning
}

// Returning is the returns of a job.
type Returning interface {
	// Next waits for the next return, and returns its minion. After an [ErrMissed] it
	// may be called again; any other error is the end.
	Next(ctx context.Context) (minion string, err error)
	Close()
}

// ErrMissed means that there may have been returns that were not heard of.
var ErrMissed = errors.New("returns may have been missed")

const (
	// settled is how long after the event of a return the master has it in its job
	// cache, as a rule; it fires the event first.
	settled = 100 * time.Millisecond

	// lookAgain is the time between two look-ups of a job of which all returns were
	// heard that are not in the job cache, and lookMost how many there are.
	lookAgain = 2 * time.Second
	lookMost  = 3
)

// untilReturned waits for a job of which nothing is recorded: until the job cache has
// the returns of all of its minions. It is looked up when the last one was heard on
// the event bus. The end of a job is not seen of which minions do not return: the wait
// is over with its time then.
func (w *jobWaiter) untilReturned(r *http.Request, authority lowstate.Authority, wait time.Duration) error {
	over := time.Now().Add(wait)
	returns := w.api.Returns.Of(w.jid) // before the job is looked up, so that none is missing
	defer returns.Close()
	ctx, done := w.api.Waiting.Follow(r.Context(), w.api.Resolver, w.caller, role.ReturnerRead)
	defer done()
	for again := 0; ; {
		job, err := w.api.lookUpJob(r.Context(), w.x, authority, w.jid)
		if err != nil {
			return err
		}
		if !isKnown(job) {
			return answerJob(w.x, w.jid, job)
		}
		missing, known := notReturned(job)
		if complete := known && len(missing) == 0; complete || ctx.Err() != nil || !time.Now().Before(over) {
			return w.answer(complete, job)
		}
		audit.Of(w.x).ForgetAnswers() // nothing of the job is kept while the request waits
		if again > 0 && again < lookMost {
			err = pauseUntil(ctx, over, lookAgain)
		} else {
			again = 0
			err = hear(ctx, returns, missing, over)
		}
		if err != nil {
			return err
		}
		again++
	}
}

// hear waits until all of some minions have returned, if there are any, returns were
// missed, the time is over, or the gateway begins to stop. The error is for the client.
func hear(ctx context.Context, returns Returning, missing map[string]bool, over time.Time) error {
	within, cancel := context.WithDeadline(ctx, over)
	defer cancel()
	for {
		minion, err := returns.Next(within)
		switch {
		case within.Err() != nil:
		case err == nil:
			was := len(missing)
			if delete(missing, minion); was == 0 || len(missing) > 0 {
				continue
			}
		case errors.Is(err, ErrMissed):
		default: // the event bus has ended, as the gateway does
			<-within.Done()
		}
		return pauseUntil(ctx, over, settled)
	}
}

// pauseUntil waits for d, until a time at most. The error is for the client.
func pauseUntil(ctx context.Context, over time.Time, d time.Duration) error {
	if pause.For(ctx, min(d, time.Until(over))) != nil {
		return waiting.Cut(ctx)
	}
	return nil
}
