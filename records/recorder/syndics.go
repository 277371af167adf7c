package recorder

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// maxGathered is how many jobs at most wait for syndics to name their minions.
const maxGathered = 10_000

// gathered are the jobs whose minions are not all known yet: each master below has
// syndic_wait to name its own. Until then a job is recorded without any, so that it
// does not end with the first minions that return. Jobs are due in the order in
// which they came.
type gathered struct {
	wait time.Duration // syndic_wait; 0 without order_masters
	due  []gatheredJob
	jobs map[string][]string // the minions, by jid
}

type gatheredJob struct {
	jid string
	at  time.Time
}

// hold takes the minions out of a job that begins, unless too many wait.
func (g *gathered) hold(e *Entry) {
	switch {
	case g.wait <= 0 || len(g.due) >= maxGathered:
		return
	case e.Claim != nil && e.Claim.Minion == "" && !e.Claim.Call:
		g.add(e.Claim.JID, nil, e.At)
	case e.Job != nil && e.Job.Client == "local":
		g.add(e.Job.JID, e.Job.Minions, e.At)
		e.Job.Minions = nil
	}
}

func (g *gathered) add(jid string, minions []string, now time.Time) {
	if _, ok := g.jobs[jid]; ok {
		return
	}
	if g.jobs == nil {
		g.jobs = make(map[string][]string)
	}
	g.jobs[jid] = minions
	g.due = append(g.due, gatheredJob{jid, now.Add(g.wait)})
}

// named adds minions to a job that waits. ok is false if it does not.
func (g *gathered) named(jid string, minions []string) (ok bool) {
	all, ok := g.jobs[jid]
	if ok && len(all)+len(minions) <= records.MaxMinions {
		g.jobs[jid] = append(all, minions...)
	}
	return ok
}

// take returns a job whose time has come, with its minions.
func (g *gathered) take(now time.Time) (jid string, minions []string, ok bool) {
	if len(g.due) == 0 || now.Before(g.due[0].at) {
		return "", nil, false
	}
	jid = g.due[0].jid
	g.due = slices.Delete(g.due, 0, 1)
	minions = slices.Compact(slices.Sorted(slices.Values(g.jobs[jid])))
	delete(g.jobs, jid)
	return jid, slices.Clip(minions), true
}

var errDue = errors.New("a job is due")

// next waits for the next event, or until a job is due.
func (g *gathered) next(ctx context.Context, tap Tap) (eventbus.Event, error) {
	if len(g.due) == 0 {
		return tap.Next(ctx)
	}
	inner, cancel := context.WithDeadline(ctx, g.due[0].at)
	defer cancel()
	e, err := tap.Next(inner)
	if err != nil && ctx.Err() == nil && inner.Err() != nil {
		return e, errDue
	}
	return e, err
}

// named returns the job and the minions of it that a syndic names: with the tag
// syndic/<syndic>/<jid>, or syndic/<syndic>/salt/job/<jid>/new of 3008. Syndics hand
// on what is said of all jobs of their masters.
func (d Decoder) named(e eventbus.Event) (jid string, list []string) {
	if d.SyndicWait <= 0 || d.Verified {
		return "", nil
	}
	jid = eventbus.JobOfSyndic(e.Tag)
	if found, ok := e.Data.Lookup("minions"); ok && jid != "" && found.Kind() == msgpack.Array {
		list = minions(found)
	}
	return jid, list
}

// pushNamed records the minions that a syndic names, of a job of this master.
func (r *Recorder) pushNamed(e eventbus.Event) {
	jid, list := r.decoder.named(e)
	if len(list) == 0 || !r.isSeen(jid) || r.gathered.named(jid, list) {
		return
	}
	r.push(Entry{Job: &records.Job{JID: jid, Minions: list}, At: time.Now()})
}

// pushDue records the minions of the jobs that are due.
func (r *Recorder) pushDue(now time.Time) {
	for {
		jid, minions, ok := r.gathered.take(now)
		switch {
		case !ok:
			return
		case r.decoder.Verified:
			r.push(Entry{Claim: &Claim{JID: jid}, At: time.Now()}) // the job cache has them
		default:
			if minions == nil {
				minions = []string{}
			}
			r.push(Entry{Job: &records.Job{JID: jid, Minions: minions}, At: time.Now()})
		}
	}
}
