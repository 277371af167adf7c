package recorder

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

const (
	// maxFill is how many jobs of the job cache are read at most, the last ones.
	maxFill = 100_000

	// fillMargin is how far before the last record the job cache is read: the
	// master writes events and files at about the same time.
	fillMargin = time.Minute

	// fillAgain is how long after a gap the job cache is read once more: what the
	// master was about to write then is there by now.
	fillAgain = 15 * time.Second
)

// fill records what the job cache has and the store may not.
func (r *Recorder) fill(ctx context.Context, since time.Time) error {
	if since.IsZero() {
		page, err := r.store.Jobs(ctx, records.Query{Limit: 1})
		if err != nil {
			return err
		}
		if len(page.Jobs) > 0 {
			since = page.Jobs[0].Start
		}
	}
	if !since.IsZero() {
		since = since.Add(-fillMargin)
	}
	jids, err := r.opts.Cache.Changed(ctx, since, maxFill)
	if err != nil {
		r.opts.Log.LogAttrs(ctx, slog.LevelWarn, "the job cache cannot be read for the records", slog.Any("error", err))
		return ctx.Err()
	}
	for _, jid := range jids {
		if err := r.fillJob(ctx, jid); err != nil {
			return err
		}
	}
	return nil
}

// fillJob records one job of the job cache.
func (r *Recorder) fillJob(ctx context.Context, jid string) error {
	j, err := r.opts.Cache.Job(ctx, jid)
	if err != nil {
		r.counts.unfilled.Add(1)
		r.opts.Log.LogAttrs(ctx, slog.LevelWarn, "a job of the job cache cannot be recorded", slog.String("jid", jid), slog.Any("error", err))
		return ctx.Err()
	}
	now := time.Now()
	var all []Entry
	if j.Load != nil && names(j.Load, "fun", maxTgt) != findJob {
		job := load(jid, clientOf(names(j.Load, "fun", maxTgt)), j.Load, "arg")
		if job.Minions = j.Minions; job.Client != "local" {
			job.Minions = []string{r.decoder.master()}
		}
		all = append(all, Entry{Job: &job, At: now})
	} else if j.Load != nil {
		return nil
	}
	for _, ret := range j.Returns {
		value, _ := ret.Data.Lookup("return")
		if e, ok := r.decoder.calledInCache(jid, ret.Minion, value); ok {
			e.At = now
			all = append(all, e)
			continue
		}
		out := r.decoder.result(jid, ret.Minion, ret.Data, value)
		out.Time = r.opts.Cache.ReturnTime(jid, ret.Minion)
		all = append(all, Entry{Return: &out, At: now})
	}
	for len(all) > 0 {
		n := min(len(all), batchEntries)
		if err := r.put(ctx, all[:n]); err != nil {
			return err
		}
		r.counts.filled.Add(uint64(n))
		all = all[n:]
	}
	return nil
}

// clientOf returns the client of a job by its function: the master puts runner.
// and wheel. before those of its own.
func clientOf(fun string) string {
	for _, client := range []string{"runner", "wheel"} {
		if strings.HasPrefix(fun, client+".") {
			return client
		}
	}
	return "local"
}

// calledInCache decodes what the master keeps of a runner or wheel function: its
// whole event, as the value of the return.
func (d Decoder) calledInCache(jid, minion string, event msgpack.Raw) (Entry, bool) {
	if !d.isMaster(minion) || event.LookupStr("jid") != jid {
		return Entry{}, false
	}
	switch clientOf(event.LookupStr("fun")) {
	case "runner":
		return d.called(Entry{}, "run", jid, "ret", event)
	case "wheel":
		return d.called(Entry{}, "wheel", jid, "ret", event)
	}
	return Entry{}, false
}
