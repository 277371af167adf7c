package lowstate

import (
	"bytes"
	"context"
	"log/slog"
	"time"

	"github.com/saltern-api/saltern/saltmaster/jobcache"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// trimMark replaces values that are too large for an event (max_event_size).
const trimMark = "VALUE_TRIMMED"

// trimmed reports whether a part of a return may be missing on the bus. A
// return that contains the mark as its own text only causes a needless lookup.
func trimmed(ret msgpack.Raw) bool {
	return bytes.Contains(ret, []byte(trimMark))
}

// The master fires a return's event first and then writes it to the cache.
const (
	cacheFirst = 10 * time.Millisecond
	cacheMost  = 250 * time.Millisecond
	cacheWait  = 30 * time.Second
)

// wholeReturn reads a return from the job cache, waiting for the master to
// write it. ok is false if there is no cache, or the return was not written in
// time.
func (m *Master) wholeReturn(ctx context.Context, jid, id string) (r jobcache.Return, ok bool, err error) {
	return m.awaitCache(ctx, func() (jobcache.Return, bool, error) { return m.Cache.Return(jid, id) })
}

func (m *Master) awaitCache(ctx context.Context, read func() (jobcache.Return, bool, error)) (r jobcache.Return, ok bool, err error) {
	if m.Cache.Dir == "" {
		return jobcache.Return{}, false, nil
	}
	pause := cacheFirst
	for end := time.Now().Add(cacheWait); time.Now().Before(end); pause = min(2*pause, cacheMost) {
		r, ok, err = read()
		if ok {
			return r, true, nil
		}
		if err != nil {
			m.Log.WarnContext(ctx, "job cache cannot be read", slog.Any("error", err))
			return jobcache.Return{}, false, nil
		}
		select {
		case <-ctx.Done():
			return jobcache.Return{}, false, ctx.Err()
		case <-time.After(pause):
		}
	}
	return jobcache.Return{}, false, nil
}

// fromCache reads the job cache for minions that have not returned: their
// events may have been fired while the bus was not connected.
func (w *wait) fromCache(ctx context.Context) error {
	for _, id := range w.sortedPending() {
		c, ok, err := w.job.Cache.Return(w.job.pub.JID, id)
		if err != nil {
			w.job.Log.WarnContext(ctx, "job cache cannot be read", slog.Any("error", err))
			return nil
		}
		if !ok {
			continue
		}
		w.finish(id)
		r := result{ret: c.Return, out: c.Out, retcode: c.Retcode, jid: w.job.pub.JID}
		if err := w.results.add(id, r); err != nil {
			return err
		}
	}
	return nil
}
