package callback_test

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/saltern-api/saltern/internal/signedpost"
	"github.com/saltern-api/saltern/records"
)

// fakeStore has one job and its call-backs in memory, for tests with a clock of
// their own.
type fakeStore struct {
	rest

	mu    sync.Mutex
	away  bool
	job   records.Job
	all   map[string]records.Callback
	calls int
}

// rest is what no test calls.
type rest = records.Callbacks

func newFakeStore(job records.Job) *fakeStore {
	return &fakeStore{job: job, all: make(map[string]records.Callback)}
}

// do runs f, or returns an error while the store is away.
func (f *fakeStore) do(change func() error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if f.away {
		return records.ErrUnavailable
	}
	return change()
}

// asked returns how many calls there were.
func (f *fakeStore) asked() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

func (f *fakeStore) setAway(away bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.away = away
}

func (f *fakeStore) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.job.State, f.job.End = records.Completed, time.Now()
}

func (f *fakeStore) get(id string) records.Callback {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.all[id]
}

func (f *fakeStore) Job(context.Context, string, bool) (j records.Job, err error) {
	err = f.do(func() error { j = f.job; return nil })
	return j, err
}

func (f *fakeStore) Returns(context.Context, string, records.ReturnQuery) (records.ReturnPage, error) {
	return records.ReturnPage{}, f.do(func() error { return nil })
}

func (f *fakeStore) AddCallback(_ context.Context, c records.Callback, _ records.CallbackLimits) error {
	return f.do(func() error {
		if c.State = records.CallbackWaiting; c.JID == "" {
			c.State = records.CallbackReserved
		}
		f.all[c.ID] = c
		return nil
	})
}

func (f *fakeStore) BindCallback(_ context.Context, id, jid string) error {
	return f.do(func() error {
		c, ok := f.all[id]
		if !ok || c.State != records.CallbackReserved {
			return records.ErrNotFound
		}
		c.JID, c.State = jid, records.CallbackWaiting
		f.all[id] = c
		return nil
	})
}

func (f *fakeStore) DropCallback(_ context.Context, id string) error {
	return f.do(func() error { delete(f.all, id); return nil })
}

func (f *fakeStore) WakeCallbacks(_ context.Context, jids []string, now time.Time) (n int, err error) {
	err = f.do(func() error {
		for id, c := range f.all {
			if c.State == records.CallbackWaiting && f.job.State.Ended() && (jids == nil || slices.Contains(jids, c.JID)) {
				c.State, c.Due, c.Since = records.CallbackDue, now, now
				f.all[id] = c
				n++
			}
		}
		return nil
	})
	return n, err
}

func (f *fakeStore) ClaimCallbacks(_ context.Context, claim records.CallbackClaim) (all []records.Callback, err error) {
	err = f.do(func() error {
		for id, c := range f.all {
			if c.State == records.CallbackDue && !c.Due.After(claim.Now) && len(all) < claim.Limit && slices.Contains(claim.Destinations, c.Destination) {
				c.Attempts++
				c.Due, c.Tried = claim.Until, claim.Now
				f.all[id] = c
				all = append(all, c)
			}
		}
		return nil
	})
	return all, err
}

func (f *fakeStore) SettleCallback(_ context.Context, c records.Callback) error {
	return f.do(func() error {
		if f.all[c.ID].Attempts != c.Attempts {
			return records.ErrNotFound
		}
		f.all[c.ID] = c
		return nil
	})
}

func (f *fakeStore) RetryCallback(_ context.Context, id string, now time.Time) error {
	return f.do(func() error {
		c := f.all[id]
		c.State, c.Due, c.Since = records.CallbackDue, now, now
		f.all[id] = c
		return nil
	})
}

func (f *fakeStore) Callback(_ context.Context, id string) (c records.Callback, err error) {
	err = f.do(func() error { c = f.all[id]; return nil })
	return c, err
}

func (f *fakeStore) CountCallbacks(context.Context) (counts records.CallbackCounts, err error) {
	err = f.do(func() error {
		for _, c := range f.all {
			switch c.State {
			case records.CallbackWaiting:
				counts.Waiting++
			case records.CallbackDue:
				counts.Due++
				if counts.Next.IsZero() || c.Due.Before(counts.Next) {
					counts.Next = c.Due
				}
			}
		}
		return nil
	})
	return counts, err
}

func (f *fakeStore) CleanCallbacks(context.Context, records.CallbackCleaning) (records.CallbackCleaned, error) {
	return records.CallbackCleaned{}, f.do(func() error { return nil })
}

// posted notes when documents were posted, and answers with what answer returns.
type posted struct {
	mu     sync.Mutex
	docs   []signedpost.Document
	answer func(ctx context.Context, n int) error
}

func (p *posted) Post(ctx context.Context, d signedpost.Document) error {
	p.mu.Lock()
	p.docs = append(p.docs, d)
	n, answer := len(p.docs), p.answer
	p.mu.Unlock()
	if answer == nil {
		return nil
	}
	return answer(ctx, n)
}

func (p *posted) all() []signedpost.Document {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.docs)
}
