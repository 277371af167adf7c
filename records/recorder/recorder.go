package recorder

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/saltern-api/saltern/internal/lru"
	"github.com/saltern-api/saltern/internal/pause"
	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/jobcache"
)

// Options set a recorder up. Zero values take the defaults named here.
type Options struct {
	// MasterID is the id of the master.
	MasterID string

	// MaxValue is the most bytes of a value that is kept (64 KiB).
	MaxValue int

	// Cache is the job cache; its zero value if the master keeps none in files.
	Cache jobcache.Cache

	// Verified has returns and jobs read from Cache, to which only the master
	// writes: a minion can fire any event. Runner and wheel functions are recorded
	// when they have ended.
	Verified bool

	// SyndicWait is how long syndics may take to name minions of a job, if the master
	// is one of masters. Then the tap has to have the events below syndic/ too. 0 is
	// for other masters.
	SyndicWait time.Duration

	// Spool takes what waits beyond 4 MiB. With nil it is dropped.
	Spool *spool.Store

	// Notes is a file with the notes that are not recorded yet, for the next process
	// if this one is killed, or the store is away when it ends. "" is for none.
	Notes string

	// Asked is how long after its last sign a job ends of which callers find out
	// which minions work on it: the master's timeout and gather_job_timeout
	// (15 s). Unasked is the same for a job without such callers (10 min), and
	// Called for a runner or wheel function (24 h).
	Asked, Unasked, Called time.Duration

	// Ended is called with the jids of jobs that have ended. It must not block,
	// and may be nil.
	Ended func(jids []string)

	// Wrote is called after each attempt to write, with its error. It must not
	// block, and may be nil.
	Wrote func(err error)

	// Recorded is called with each batch after it was written, whether anything of
	// it was new or not. It must not block, nor keep or change the batch, and may
	// be nil.
	Recorded func(b records.Batch)

	// Awaited reports whether somebody waits for a job. What is read of such a job is
	// recorded sooner. It must not block, and may be nil.
	Awaited func(jid string) bool

	Log *slog.Logger // slog.Default
}

func (o Options) withDefaults() Options {
	if o.MaxValue <= 0 {
		o.MaxValue = 64 << 10
	}
	if o.Asked <= 0 {
		o.Asked = 15 * time.Second
	}
	if o.Unasked <= 0 {
		o.Unasked = 10 * time.Minute
	}
	if o.Called <= 0 {
		o.Called = 24 * time.Hour
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

const (
	// batchEntries and batchBytes bound a batch.
	batchEntries = 500
	batchBytes   = 4 << 20

	// maxGather is how long entries are gathered for a batch, after the one before: a
	// transaction of one entry costs several times as much as an entry of a larger
	// one. What comes after a pause of as long is recorded at once.
	maxGather = 500 * time.Millisecond

	// gather is the same where somebody waits for a job of them, for each entry of the
	// batch before, and soonGather the most.
	gather     = 10 * time.Millisecond
	soonGather = 200 * time.Millisecond

	// settleTime is how long Settle waits at most. What takes longer, such as reading a
	// large job cache, is waited for once.
	settleTime = 250 * time.Millisecond

	// endsEvery is how often jobs are ended of which nothing is heard, and
	// openEvery how often the store is searched for others.
	endsEvery = time.Second
	openEvery = 10 * time.Minute

	// lastWrites is how long what waits is written for at the end, and lastTries how
	// long a store that is away is tried again then.
	lastWrites = 6 * time.Second
	lastTries  = 2 * time.Second

	minBackoff = 100 * time.Millisecond
	maxBackoff = 5 * time.Second
)

// Store is what a recorder needs of a store.
type Store interface {
	records.Writer
	Jobs(ctx context.Context, q records.Query) (records.JobPage, error)
	Trim(ctx context.Context, t records.Trim) (records.Trimmed, error)
}

// Tap is where events come from. *eventbus.Sub is one.
type Tap interface {
	Next(ctx context.Context) (eventbus.Event, error)
	Close()
}

// Recorder records what the event bus says. Its methods may be called from many
// goroutines.
type Recorder struct {
	store   Store
	opts    Options
	decoder Decoder
	queue   *queue
	counts  counts
	ends    *ends  // of the writer alone
	claims  claims // of the writer alone

	noMore <-chan struct{} // of the writer alone: what fails is not tried again

	gathered gathered // of Run alone

	mu    sync.Mutex
	notes *lru.Cache[string, note] // that are not recorded yet
	known *lru.Cache[string, known]
	gap   bool // events were lost

	removed atomic.Int64  // jobs before this are not filled, in microseconds since 1970; see Remove
	filling chan struct{} // holds one element while a job is filled

	journal       journal // of notes
	journalLogged bool
}

type counts struct{ jobs, returns, dropped, filled, unfilled, unverified, failures atomic.Uint64 }

// New returns a recorder.
func New(store Store, o Options) *Recorder {
	o = o.withDefaults()
	return &Recorder{
		store: store, opts: o,
		decoder: Decoder{MasterID: o.MasterID, MaxValue: o.MaxValue, SyndicWait: o.SyndicWait, Verified: o.Verified},
		queue:   newQueue(o.Spool), ends: newEnds(o), gathered: gathered{wait: o.SyndicWait},
		journal: journal{path: o.Notes},
		notes:   lru.New[string, note](maxNotes), known: lru.New[string, known](maxNotes), gap: true,
		filling: make(chan struct{}, 1),
	}
}

// Stats are the figures of a recorder. Counts only grow.
type Stats struct {
	Jobs, Returns uint64 // recorded, that were not known before
	Dropped       uint64 // entries for which there was no room
	Filled        uint64 // entries from the job cache
	Unfilled      uint64 // jobs and returns of the job cache that could not be read
	Unverified    uint64 // events of which the job cache has nothing
	Failures      uint64 // attempts to write that failed
	Queue         int    // entries that wait
	Lag           time.Duration
}

// Stats returns the figures.
func (r *Recorder) Stats() Stats {
	s := Stats{
		Jobs: r.counts.jobs.Load(), Returns: r.counts.returns.Load(), Dropped: r.counts.dropped.Load(),
		Filled: r.counts.filled.Load(), Unfilled: r.counts.unfilled.Load(),
		Unverified: r.counts.unverified.Load(), Failures: r.counts.failures.Load(),
		Queue: r.queue.len(),
	}
	if at := r.queue.oldest(); !at.IsZero() {
		s.Lag = max(0, time.Since(at))
	}
	return s
}

// Run records events until ctx ends or the tap is closed, and then writes what
// waits, for six seconds at most. It may be called once, and closes the tap.
func (r *Recorder) Run(ctx context.Context, tap Tap) {
	defer r.queue.close()
	defer tap.Close()
	r.openJournal()
	defer r.closeJournal()
	writing, cancel := context.WithCancel(context.WithoutCancel(ctx)) // until the last entry is in the queue
	var writer sync.WaitGroup
	writer.Go(func() { r.write(writing) })
	defer writer.Wait()
	defer cancel()
	for {
		r.pushDue(time.Now())
		e, err := r.gathered.next(ctx, tap)
		switch {
		case err == nil:
			if entry, ok := r.decoder.Decode(e.Tag, e.Data, time.Now()); ok {
				if entry.Job != nil {
					r.saw(entry.Job.JID, entry.At)
				}
				r.gathered.hold(&entry)
				r.push(entry)
			} else {
				r.pushNamed(e)
			}
		case errors.Is(err, errDue):
		case errors.Is(err, eventbus.ErrGap), errors.Is(err, eventbus.ErrOverflow):
			r.lost()
		default:
			r.pushDue(time.Now().Add(r.opts.SyndicWait))
			return
		}
	}
}

func (r *Recorder) push(e Entry) {
	u := whenever
	if r.opts.Awaited != nil && (e.Job != nil && r.opts.Awaited(e.Job.JID) || e.Return != nil && r.opts.Awaited(e.Return.JID) ||
		e.Claim != nil && r.opts.Awaited(e.Claim.JID)) {
		u = soon
	}
	if !r.queue.push(e, u) {
		r.counts.dropped.Add(1)
		r.lost()
	}
}

// lost notes that the job cache has to be read.
func (r *Recorder) lost() {
	r.mu.Lock()
	r.gap = true
	r.mu.Unlock()
	r.queue.signal()
}

func (r *Recorder) takeGap() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	gap := r.gap
	r.gap = false
	return gap
}

// write writes what is in the queue, ends jobs, and reads the job cache after a
// gap: before the events that follow it, so that the newest job in the store
// shows until when all is recorded.
func (r *Recorder) write(ctx context.Context) {
	tick := time.NewTicker(endsEvery)
	defer tick.Stop()
	last, cancel := later(ctx, lastWrites)
	defer cancel()
	tries, noMore := later(ctx, lastTries)
	defer noMore()
	r.noMore = tries.Done()
	defer r.flush(last)
	var until, again, searched time.Time // until when all is recorded
	var wrote batchOf
	for ctx.Err() == nil {
		if r.takeGap() {
			again = time.Now().Add(fillAgain)
			if r.fill(ctx, until, time.Time{}) != nil {
				r.lost()
				r.queue.isAway(true)
				_ = pause.For(ctx, maxBackoff) // an error is the end of ctx, as below
				continue
			}
			r.queue.isAway(false)
		}
		entries, lost := r.queue.pop(batchEntries, batchBytes)
		if lost > 0 {
			r.counts.dropped.Add(uint64(lost))
			r.lost()
		}
		known, all := r.claim(entries, time.Now())
		if !all && again.IsZero() {
			again = time.Now().Add(fillAgain)
		}
		if len(known) > 0 && r.put(last, known) != nil || r.verify(last) != nil {
			return
		}
		r.queue.isWritten(len(entries) + lost)
		if len(entries) > 0 {
			until = lastEvent(entries, until)
			if len(entries) == batchEntries {
				continue
			}
			wrote = batchOf{len(entries), time.Now()}
			if r.queue.len() > 0 {
				r.queue.signal() // a batch has a bound in bytes too, and nothing else may come
			}
		}
		select {
		case <-ctx.Done():
		case <-r.queue.wake:
			r.gather(ctx, wrote)
		case <-r.claims.timer():
		case now := <-tick.C:
			if !again.IsZero() && now.After(again) {
				gap := again.Add(-fillAgain)
				again = time.Time{}
				_ = r.fill(ctx, gap, gap) // the next gap reads it again
			}
			if now.Sub(searched) >= openEvery {
				searched = now
				r.findOpen(ctx)
			}
			r.end(ctx, now)
			_ = r.putNotes(ctx, now.Add(-noteTime)) // an error is the end of ctx
		}
	}
}

// batchOf is how many entries were written last, and when.
type batchOf struct {
	entries int
	at      time.Time
}

// gather waits until the next batch is due.
func (r *Recorder) gather(ctx context.Context, last batchOf) {
	for ctx.Err() == nil {
		due := last.at.Add(maxGather)
		switch u := r.queue.urgent(); {
		case u == atOnce:
			return
		case u == soon, len(r.claims.waiting) > 0:
			due = last.at.Add(min(time.Duration(last.entries)*gather, soonGather))
		}
		wait := time.Until(due)
		if wait <= 0 {
			return
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-r.queue.hurry:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// lastEvent returns when the last event of entries was read, or else what it is given.
func lastEvent(entries []Entry, none time.Time) time.Time {
	for _, e := range slices.Backward(entries) {
		if !e.Note {
			return e.At
		}
	}
	return none
}

// later returns a context that ends some time after another one.
func later(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	last, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		if pause.For(last, d) == nil {
			cancel()
		}
	})
	return last, func() {
		stop()
		cancel()
	}
}

// flush writes what waits when the recorder stops.
func (r *Recorder) flush(ctx context.Context) {
	for {
		entries, _ := r.queue.pop(batchEntries, batchBytes)
		if len(entries) == 0 {
			_ = r.putNotes(ctx, time.Now()) // an error is the end of ctx
			return
		}
		known, _ := r.claim(entries, time.Now())
		if len(known) > 0 && r.put(ctx, known) != nil || r.verify(ctx) != nil {
			return
		}
	}
}

// put writes a batch, and tries again until that succeeds. The error is that of
// the context.
func (r *Recorder) put(ctx context.Context, entries []Entry) error {
	var b records.Batch
	jobs, returns := 0, 0
	for i := range entries {
		if entries[i].Job != nil {
			jobs++
		}
		if entries[i].Return != nil {
			returns++
		}
	}
	b.Jobs, b.Returns = slices.Grow(b.Jobs, jobs), slices.Grow(b.Returns, returns)
	for _, e := range entries {
		if e.Job != nil {
			b.Jobs = append(b.Jobs, *e.Job)
		}
		if e.Return != nil {
			b.Returns = append(b.Returns, *e.Return)
		}
	}
	for _, e := range entries {
		r.ends.note(e) // before jobs that have ended by this batch are removed
	}
	added := r.complete(&b)
	if err := r.putBatch(ctx, b); err != nil {
		return err
	}
	r.noted(added)
	return nil
}

func (r *Recorder) putBatch(ctx context.Context, b records.Batch) error {
	for wait := minBackoff; ; wait = min(2*wait, maxBackoff) {
		changes, err := r.store.Put(ctx, b)
		if r.opts.Wrote != nil && ctx.Err() == nil {
			r.opts.Wrote(err)
		}
		if err == nil {
			r.queue.isAway(false)
			r.done(changes)
			if r.opts.Recorded != nil {
				r.opts.Recorded(b)
			}
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r.counts.failures.Add(1)
		if !errors.Is(err, records.ErrUnavailable) {
			r.opts.Log.LogAttrs(ctx, slog.LevelError, "events cannot be recorded", slog.Any("error", err))
			r.counts.dropped.Add(uint64(len(b.Jobs) + len(b.Returns)))
			return nil
		}
		r.queue.isAway(true)
		select {
		case <-r.noMore:
			return context.Canceled
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

func (r *Recorder) done(c records.Changes) {
	r.counts.jobs.Add(uint64(max(0, c.Jobs)))
	r.counts.returns.Add(uint64(max(0, c.Returns)))
	for _, jid := range c.Ended {
		r.ends.remove(jid)
	}
	if r.opts.Ended != nil && len(c.Ended) > 0 {
		r.opts.Ended(c.Ended)
	}
}

// end ends jobs of which nothing was heard for too long.
func (r *Recorder) end(ctx context.Context, now time.Time) {
	due := r.ends.due(now, batchEntries)
	if len(due) == 0 || r.putBatch(ctx, records.Batch{Ends: due}) != nil {
		return
	}
	for _, e := range due {
		r.ends.remove(e.JID)
	}
}

// findOpen finds jobs in the store that have not ended and are not watched: of
// an earlier process, of a gateway that is gone, or too many.
func (r *Recorder) findOpen(ctx context.Context) {
	q := records.Query{
		Filter: records.Filter{States: []records.State{records.New, records.Running}}, Sort: records.ByStart, Limit: records.MaxLimit,
	}
	for {
		page, err := r.store.Jobs(ctx, q)
		if err != nil {
			return // it is tried again later
		}
		for _, j := range page.Jobs {
			if r.ends.len() >= maxOpen {
				return
			}
			if r.ends.byJID[j.JID] == nil {
				w := alone
				if isCall(j.Client) {
					w = called
				}
				r.ends.heard(j.JID, time.Now(), true, w)
			}
		}
		if q.After = page.Next; q.After == "" {
			return
		}
	}
}
