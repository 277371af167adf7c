package lowstate

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// reportWait is how long the master may take to write a return to the job cache
// after its event. It does both at once.
const reportWait = 5 * time.Second

// reports are the minions that are reported to have returned, while their
// returns are read from the job cache.
type reports struct {
	open  map[string]report
	seen  map[string]bool // all of them: repeated events are ignored
	next  time.Time       // when to check again
	pause time.Duration
}

type report struct {
	until time.Time
	out   bool      // it has an outputter, which the master writes after the return
	found time.Time // when the return was found without it
}

// outWait is how long the master may take to write an outputter after the
// return.
const outWait = 2 * time.Second

func newReports() reports {
	return reports{open: make(map[string]report), seen: make(map[string]bool)}
}

func (r *reports) due() bool { return len(r.open) > 0 && !time.Now().Before(r.next) }

// wakeUp returns when to act next: at the next check, if that is before t or if
// nothing else is waited for, or else at t.
func (w *wait) wakeUp(t time.Time) time.Time {
	r := &w.reports
	if len(r.open) > 0 && (r.next.Before(t) || w.over || w.pending.len() == 0) {
		return r.next
	}
	return t
}

// reported handles an event with the return of a minion. Minions behind a
// syndic are unknown until they return.
func (w *wait) reported(ctx context.Context, id string, data msgpack.Raw) error {
	if !w.pending.has(id) && (!w.job.OrderMasters || w.isTargeted(id)) {
		return nil
	}
	r := &w.reports
	if r.seen[id] || len(r.seen) >= maxOthers {
		return nil
	}
	_, out := data.Lookup("out")
	r.seen[id], r.open[id] = true, report{until: time.Now().Add(reportWait), out: out}
	r.pause, r.next = cacheFirst, time.Now().Add(cacheFirst)
	return w.verify(ctx, id)
}

// verifyAll reads the returns of all reported minions.
func (w *wait) verifyAll(ctx context.Context) error {
	for _, id := range slices.Sorted(maps.Keys(w.reports.open)) {
		if err := w.verify(ctx, id); err != nil {
			return err
		}
	}
	w.reports.next = time.Now().Add(w.reports.pause)
	w.reports.pause = min(2*w.reports.pause, cacheMost)
	return nil
}

// verify reads one return.
func (w *wait) verify(ctx context.Context, id string) error {
	said := w.reports.open[id]
	c, ok, err := w.job.Cache.Return(w.job.pub.JID, id)
	switch {
	case err != nil:
		w.job.Log.WarnContext(ctx, "job cache cannot be read", slog.Any("error", err))
		delete(w.reports.open, id)
	case ok && said.out && c.Out == nil && said.found.IsZero():
		said.found = time.Now()
		w.reports.open[id] = said
	case ok && said.out && c.Out == nil && time.Since(said.found) < outWait:
	case ok:
		w.expect(id)
		w.finish(id)
		return w.results.add(id, result{ret: c.Return, out: c.Out, retcode: c.Retcode, jid: w.job.pub.JID})
	case time.Now().After(said.until):
		w.job.Log.WarnContext(ctx, "a return was announced and is not in the job cache",
			slog.String("jid", w.job.pub.JID), slog.String("minion", id))
		delete(w.reports.open, id)
	}
	return nil
}

// finish stops waiting for a minion.
func (w *wait) finish(id string) {
	w.pending.remove(id)
	delete(w.reports.open, id)
}
