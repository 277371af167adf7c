package lowstate

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// wait is the waiting of one local job. It follows LocalClient's rules:
//
//   - A minion that has not returned after timeout gets a saltutil.find_job,
//     which returns whether it is still at work. The answers may take
//     gather_job_timeout; then the minions still at work get another.
//   - A minion that said so is waited for, for another timeout each time.
//   - It is over when all have returned, or when a round brought no sign of
//     work and each minion's time is up.
//   - With order_masters, other masters name their minions by events. It is not
//     over before syndic_wait, rounds are longer by as much, and as long as no
//     minion is known a whole round is waited.
type wait struct {
	job     *localJob
	grant   eauth.Grant
	sub     *eventbus.Sub
	results results

	targets int       // minions whose returns count
	begin   time.Time // of the wait
	pending pending
	missing []string // ids that are unknown to the master

	reports reports // verified: the minions that are reported to have returned
	over    bool    // nothing is left to wait for, except for reports

	order      []string  // the targeted minions: those that the master listed, and then those of other masters
	own        int       // how many of them the master listed
	atLeast    time.Time // order_masters: other masters may still name minions until then
	nobody     time.Time // order_masters: until when the first minion is waited for
	findJobAt  time.Time
	anyWorking bool // a minion was at work in the last round (or none was held yet)
	findJobs   map[string]bool
}

func newWait(j *localJob, grant eauth.Grant, sub *eventbus.Sub, p saltmaster.Published) *wait {
	w := &wait{
		job: j, grant: grant, sub: sub,
		results:    newResults(j.full, j.spool, len(p.Minions)),
		begin:      time.Now(),
		missing:    p.Missing,
		order:      slices.Clip(p.Minions),
		own:        len(p.Minions),
		findJobAt:  time.Now().Add(j.timeout),
		anyWorking: true,
		findJobs:   make(map[string]bool),
		reports:    newReports(),
	}
	if j.OrderMasters {
		w.atLeast = time.Now().Add(j.SyndicWait)
		w.nobody = time.Now().Add(j.timeout + j.gather + j.SyndicWait)
	}
	w.pending = pending{marks: w.results.marks, until: j.timeout}
	for _, id := range p.Minions {
		if w.target(id) {
			w.pending.add(id)
		}
	}
	return w
}

// target adds a minion to those whose returns count. It reports whether it is new.
func (w *wait) target(id string) bool {
	if w.isTargeted(id) {
		return false
	}
	w.results.marks.add(id, isTargeted)
	w.targets++
	return true
}

// expect adds a minion to those that are waited for.
func (w *wait) expect(id string) {
	if w.target(id) {
		w.waitFor(id)
	}
}

func (w *wait) isTargeted(id string) bool { return w.results.marks.has(id, isTargeted) }

// waitFor waits for a minion for the time-out, from now.
func (w *wait) waitFor(id string) { w.pending.addUntil(id, time.Since(w.begin)+w.job.timeout) }

func (w *wait) run(ctx context.Context) error {
	for w.pending.len() > 0 || len(w.reports.open) > 0 || time.Now().Before(w.othersUntil()) {
		ev, err := w.next(ctx)
		switch {
		case err == nil:
			if err := w.event(ctx, ev); err != nil {
				return err
			}
		case errors.Is(err, errTimeUp) && w.reports.due():
			if err := w.verifyAll(ctx); err != nil {
				return err
			}
		case errors.Is(err, errTimeUp):
			if w.over, err = w.timeUp(ctx); err != nil || w.over && len(w.reports.open) == 0 {
				return err
			}
		case errors.Is(err, eventbus.ErrGap), errors.Is(err, eventbus.ErrOverflow):
			if err := w.fromCache(ctx); err != nil {
				return err
			}
		default:
			return err
		}
	}
	return nil
}

var errTimeUp = errors.New("time is up")

// othersUntil returns until when other masters may name minions. It is the zero
// time without order_masters.
func (w *wait) othersUntil() time.Time {
	if w.targets == 0 {
		return w.nobody
	}
	return w.atLeast
}

// timeUp reads returns whose events were missed from the job cache, and sends
// find_job to the minions that are still silent. over is true when nothing is
// left to wait for.
func (w *wait) timeUp(ctx context.Context) (over bool, err error) {
	if err := w.fromCache(ctx); err != nil {
		return false, err
	}
	if w.pending.len() > 0 && !w.anyWorking {
		return true, nil
	}
	if w.pending.len() > 0 {
		w.findJob(ctx)
	}
	return false, nil
}

// next waits for the next event, or until the next action is due.
func (w *wait) next(ctx context.Context) (eventbus.Event, error) {
	if ctx.Err() != nil {
		return eventbus.Event{}, ctx.Err()
	}
	if ev, err, ok := w.sub.TryNext(); ok {
		return ev, err
	}
	until := w.findJobAt
	switch {
	case w.pending.len() == 0:
		until = w.othersUntil()
	case !w.anyWorking:
		if t := w.begin.Add(w.pending.last()); t.After(until) {
			until = t
		}
	}
	inner, cancel := context.WithDeadline(ctx, w.wakeUp(until))
	defer cancel()
	ev, err := w.sub.Next(inner)
	if err != nil && ctx.Err() == nil && inner.Err() != nil {
		return ev, errTimeUp
	}
	return ev, err
}

// findJob publishes saltutil.find_job to the minions that have not returned. A
// round that could not be published counts as one without returns.
func (w *wait) findJob(ctx context.Context) {
	w.anyWorking = false
	w.findJobAt = time.Now().Add(w.job.gather)
	if w.job.OrderMasters {
		w.findJobAt = w.findJobAt.Add(w.job.SyndicWait)
	}
	jid := w.job.JIDs.Next()
	w.sub.Follow(jid)
	w.findJobs[jid] = true
	p := saltmaster.Publication{
		Tgt: w.pendingList(), TgtType: "list", Fun: "saltutil.find_job", JID: jid,
		Arg: msgpack.AppendString(msgpack.AppendArray(nil, 1), w.job.pub.JID),
	}
	if _, err := w.job.publish(ctx, w.grant, p, &Record{}); err != nil {
		w.job.Log.WarnContext(ctx, "find_job was not published",
			slog.String("jid", w.job.pub.JID), slog.Any("error", err))
	}
}

func (w *wait) pendingList() msgpack.Raw {
	b := msgpack.AppendArray(nil, w.pending.len())
	for _, id := range w.order {
		if w.pending.has(id) {
			b = msgpack.AppendString(b, id)
		}
	}
	return b
}

// The texts with which LocalClient shows a minion that did not return.
const (
	textNotConnected = "Minion did not return. [Not connected]"
	textNoResponse   = "Minion did not return. [No response]\n" +
		"The minions may not have all finished running and any remaining minions will return upon completion. " +
		"To look up the return data for this job later, run the following command:\n\n" +
		"salt-run jobs.lookup_jid "
)

// answer completes the results: with the master's texts, by its release, for
// minions that did not return, and for those in a list that are unknown to the
// master.
func (w *wait) answer() Spooled {
	if w.job.expect {
		w.addSilent(w.sortedPending())
	}
	missing := slices.Clone(w.missing)
	slices.Sort(missing)
	w.addSilent(missing)
	for _, id := range w.order[:w.own] {
		if !w.results.has(id) {
			w.results.addFalse(id)
		}
	}
	return w.results.close()
}

func (w *wait) sortedPending() []string {
	ids := w.pending.ids()
	slices.Sort(ids)
	return ids
}

func (w *wait) addSilent(ids []string) {
	var away map[string]bool
	if len(ids) > 0 && w.job.NotConnected != nil {
		away = w.job.NotConnected(ids)
	}
	for _, id := range ids {
		if w.results.has(id) {
			continue
		}
		switch {
		case away[id]:
			w.results.addSilent(id, textNotConnected)
		case w.job.OrderMasters && w.job.IsSyndic != nil && w.job.IsSyndic(id):
			// Its minions return, and it does not.
		default:
			w.results.addSilent(id, textNoResponse+w.job.pub.JID)
		}
	}
}
