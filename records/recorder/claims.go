package recorder

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Claim is that something is in the job cache, or will be in a moment: the master
// fires its event first.
type Claim struct {
	JID    string `json:"jid"`
	Minion string `json:"minion,omitempty"` // that has returned; empty for a job that was published
	Call   bool   `json:"call,omitempty"`   // for a runner or wheel function, of which the job cache has all once it has ended
}

const (
	// claimTime is how long the master may take to write what its event says.
	claimTime = 5 * time.Second

	// claimFirst and claimLast bound how long a claim waits until the job cache is
	// read again for it.
	claimFirst = 10 * time.Millisecond
	claimLast  = time.Second

	// maxClaims is how many claims wait at most.
	maxClaims = 10_000
)

// claimed decodes an event that is not believed. Which minions work on a job is:
// a minion that is wrong about that has the job end later.
func (d Decoder) claimed(e Entry, parts []string, data msgpack.Raw) (Entry, bool) {
	kind, jid, what := parts[1], parts[2], parts[3]
	isFindJob := names(data, "fun", maxTgt) == findJob
	switch {
	case kind == "job" && what == "new" && len(parts) == 4:
		if isFindJob {
			return asked(e, data)
		}
		e.Claim = &Claim{JID: jid}
	case kind == "job" && what == "ret" && len(parts) == 5 && data.LookupStr("id") == parts[4]:
		if isFindJob {
			return working(e, data)
		}
		e.Claim = &Claim{JID: jid, Minion: parts[4]}
	case kind != "job" && what == "ret" && len(parts) == 4:
		e.Claim = &Claim{JID: jid, Call: true}
	}
	return e, e.Claim != nil
}

// claims are those of which the job cache has nothing yet. They belong to the
// writer.
type claims struct {
	waiting []waitingClaim
	next    time.Time // when the first is due; zero if none waits
}

type waitingClaim struct {
	Claim
	due, until time.Time
	pause      time.Duration
}

// seen is when the event of the job was read, if the claim is of that one.
func (c waitingClaim) seen() time.Time {
	if c.Minion != "" {
		return time.Time{}
	}
	return c.until.Add(-claimTime)
}

// add adds a claim that is due now. It reports false if there is no room.
func (c *claims) add(claim Claim, now time.Time) bool {
	if len(c.waiting) >= maxClaims {
		return false
	}
	c.waiting = append(c.waiting, waitingClaim{claim, now, now.Add(claimTime), claimFirst})
	c.next = now
	return true
}

// timer returns a channel for when a claim is due, or nil.
func (c *claims) timer() <-chan time.Time {
	if c.next.IsZero() {
		return nil
	}
	return time.After(time.Until(c.next))
}

// claim takes the claims out of entries. all is false if there was no room for some.
func (r *Recorder) claim(entries []Entry, now time.Time) (rest []Entry, all bool) {
	if !r.opts.Verified {
		return entries, true
	}
	all = true
	for _, e := range entries {
		switch {
		case e.Claim == nil:
			rest = append(rest, e)
		case !r.claims.add(*e.Claim, now):
			r.counts.dropped.Add(1)
			all = false
		}
	}
	return rest, all
}

// verify reads the job cache for the claims that are due, and records what is
// there. The error is that of the context.
func (r *Recorder) verify(ctx context.Context) error {
	now := time.Now()
	if r.claims.next.IsZero() || now.Before(r.claims.next) {
		return nil
	}
	var all []Entry
	var bytes int64
	var failed error
	put := func(some []Entry, seen time.Time) error {
		for _, e := range some {
			if e.Job != nil {
				r.saw(e.Job.JID, seen)
			}
			all = append(all, e)
			bytes += e.size()
		}
		if len(all) < batchEntries && bytes < batchBytes {
			return nil
		}
		some, all, bytes = all, nil, 0
		return r.put(ctx, some)
	}
	r.claims.next = time.Time{}
	kept := r.claims.waiting[:0]
	for _, c := range r.claims.waiting {
		if failed == nil && !now.Before(c.due) {
			var done bool
			if done, failed = r.verifyOne(ctx, c, put); done {
				continue
			}
			c.due, c.pause = now.Add(c.pause), min(2*c.pause, claimLast)
		}
		if r.claims.next.IsZero() || c.due.Before(r.claims.next) {
			r.claims.next = c.due
		}
		kept = append(kept, c)
	}
	clear(r.claims.waiting[len(kept):])
	r.claims.waiting = kept
	if failed != nil || len(all) == 0 {
		return failed
	}
	return r.put(ctx, all)
}

// verifyOne reads what a claim is about. done is false if it is to be tried again.
func (r *Recorder) verifyOne(ctx context.Context, c waitingClaim, put func(all []Entry, seen time.Time) error) (done bool, err error) {
	entries, found, err := r.read(ctx, c.Claim)
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case found:
		return true, put(entries, c.seen())
	case time.Now().Before(c.until): // an error, too, may be of a file that is being written
		return false, nil
	}
	r.counts.unverified.Add(1)
	r.opts.Log.LogAttrs(ctx, slog.LevelDebug, "an event is not recorded: the job cache has nothing of it",
		slog.String("jid", c.JID), slog.String("minion", c.Minion), slog.Any("error", err))
	return true, nil
}

// read reads what a claim is about. A return has its job read too, if that was not
// recorded: there may be an event of it that was missed, and a job of
// saltutil.find_job has returns that are not recorded.
func (r *Recorder) read(ctx context.Context, c Claim) (all []Entry, found bool, err error) {
	if c.Call {
		minions, err := r.opts.Cache.Returned(c.JID)
		if err != nil {
			return nil, false, err
		}
		minions = slices.DeleteFunc(minions, func(id string) bool { return !r.decoder.isMaster(id) })
		err = r.eachReturn(ctx, c.JID, minions, func(some []Entry) error {
			all = append(all, some...)
			return nil
		})
		return all, len(all) > 0, err
	}
	if c.Minion == "" || !r.isSeen(c.JID) {
		l, err := r.loaded(c.JID)
		switch {
		case l.findJob:
			return nil, true, nil
		case err != nil:
			return nil, false, err
		case l.entry.Job != nil:
			all = append(all, l.entry)
		}
	}
	if c.Minion == "" {
		return all, len(all) > 0, nil
	}
	e, ok, err := r.outcome(c.JID, c.Minion)
	if err != nil || !ok {
		return nil, false, err
	}
	return append(all, e), true, nil
}
