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
	"github.com/saltern-api/saltern/server/web"
)

// Returns has which minions return for a job, where nothing is recorded.
type Returns interface {
	// Of begins to listen for the returns of a job. What is returned has to be closed.
	Of(jid string) Returning
}

// Returning is the returns of a job.
type Returning interface {
	// TryNext returns the minion of the next return, if there is one: ok is false
	// otherwise. After an [ErrMissed] there may be more; any other error is the end.
	TryNext() (minion string, err error, ok bool)

	// AfterNext has f called in a goroutine of its own when TryNext returns something,
	// unless AfterNext is called again before, or Close.
	AfterNext(f func())

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
	l := &listener{jobWaiter: w, over: time.Now().Add(wait)}
	l.returns = w.api.Returns.Of(w.jid) // before the job is looked up, so that none is missing
	waits := false
	defer func() {
		if !waits {
			l.close()
		}
	}()
	job, err := w.api.lookUpJob(r.Context(), w.x, authority, w.jid)
	if err != nil {
		return err
	}
	if !isKnown(job) {
		return answerJob(w.x, w.jid, job)
	}
	if l.missing, l.known = notReturned(job); l.known && len(l.missing) == 0 {
		return w.answer(true, job)
	}
	audit.Of(w.x).ForgetAnswers() // nothing of the job is kept while the request waits
	waits = true
	l.hold, w.caller = w.api.Waiting.Hold(w.api.Resolver, w.caller, role.ReturnerRead)
	l.ctx, l.cancel = context.WithCancel(audit.Of(w.x).Context(context.Background()))
	if w.x.DetachWhole(r, l.gone, l.until, l.step) {
		return nil
	}
	l.cancel()
	l.ctx, l.cancel = context.WithCancel(r.Context())
	return l.block()
}

// listener waits for the returns of a job. Between its steps there is no goroutine for it.
type listener struct {
	*jobWaiter
	returns Returning
	over    time.Time
	ctx     context.Context // of what is looked up, ends when the client is gone
	cancel  context.CancelFunc
	hold    *waiting.Hold
	timer   *time.Timer

	missing map[string]bool // the minions that have not returned
	known   bool
	ended   bool      // there are no more returns
	looks   int       // how often the job was looked up since then
	again   time.Time // when it is looked up again, zero for when it has returned
}

// gone is called when the client is.
func (l *listener) gone() { l.cancel() }

func (l *listener) close() {
	l.returns.Close()
	if l.timer != nil {
		l.timer.Stop()
	}
	if l.hold != nil {
		l.hold.Release()
	}
	if l.cancel != nil {
		l.cancel()
	}
}

// until has begin called when a step may be due.
func (l *listener) until(begin func()) {
	if l.timer != nil {
		l.timer.Stop()
	}
	at := l.over
	if !l.again.IsZero() && l.again.Before(at) {
		at = l.again
	}
	l.timer = time.AfterFunc(time.Until(at), begin)
	l.hold.After(begin)
	if l.again.IsZero() && !l.ended {
		l.returns.AfterNext(begin)
	}
}

// block waits in the goroutine of the caller.
func (l *listener) block() error {
	due := make(chan struct{}, 1)
	for {
		l.until(func() {
			select {
			case due <- struct{}{}:
			default:
			}
		})
		select {
		case <-due:
		case <-l.ctx.Done():
		}
		if until, err := l.step(); until == nil {
			return err
		}
	}
}

// step looks the job up if that is due, and answers if it has ended or the wait is over.
func (l *listener) step() (until web.Until, err error) {
	defer func() {
		if until == nil {
			l.close()
		}
	}()
	due, err := l.isDue()
	if err != nil {
		return nil, err
	}
	if !due {
		return l.until, nil
	}
	job, err := l.lookUp(l.ctx)
	if err != nil {
		return nil, err
	}
	if !isKnown(job) {
		return nil, answerJob(l.x, l.jid, job)
	}
	l.missing, l.known = notReturned(job)
	if complete := l.known && len(l.missing) == 0; complete || l.hold.Context().Err() != nil || !time.Now().Before(l.over) {
		return nil, l.answer(complete, job)
	}
	audit.Of(l.x).ForgetAnswers()
	l.again = time.Time{}
	if l.looks++; l.looks < lookMost {
		l.again = time.Now().Add(lookAgain)
	}
	return l.until, nil
}

// isDue reports whether the job is looked up now: all of the missing minions have
// returned, if there are any, returns were missed, the time is over, or the gateway
// begins to stop. The error is for the client.
func (l *listener) isDue() (bool, error) {
	followed := l.hold.Context()
	switch {
	case l.ctx.Err() != nil:
		return false, l.ctx.Err()
	case followed.Err() != nil:
		return true, waiting.Cut(followed)
	case !time.Now().Before(l.over):
		return true, nil
	case !l.again.IsZero():
		return !time.Now().Before(l.again), nil
	case !l.heard():
		return false, nil
	}
	l.looks = 0
	if pause.For(followed, min(settled, time.Until(l.over))) != nil {
		return true, waiting.Cut(followed)
	}
	return true, nil
}

// heard reads the returns that have come. It reports whether they are all that are
// missing, or some were missed.
func (l *listener) heard() bool {
	for {
		minion, err, ok := l.returns.TryNext()
		switch {
		case !ok:
			return false
		case errors.Is(err, ErrMissed):
			return true
		case err != nil: // the event bus has ended, as the gateway does
			l.ended = true
			return false
		}
		was := len(l.missing)
		if delete(l.missing, minion); was > 0 && len(l.missing) == 0 {
			return true
		}
	}
}
