package watch

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"time"

	"github.com/saltern-api/saltern/internal/pause"
	"github.com/saltern-api/saltern/records"
)

const (
	// gather is the time between two rounds of reading, in which changes gather.
	gather = 50 * time.Millisecond

	// failedPause is the same after the store could not be read.
	failedPause = time.Second

	// again is how often every watched job is looked at, changed or not: another
	// gateway may have ended it while this one did not hear of that. Where nothing has
	// changed, nothing wakes: each of thousands of streams would read its returns again.
	again = time.Minute

	// shared is how long what was read of a job is what [Watch.Job] returns, unless
	// something was recorded about it since: many come at once to wait for one.
	shared = time.Second

	// sharedMinions is how many minions a job has at most of which that is kept.
	sharedMinions = 10_000
)

// Reader reads a job from a store. [records.Reader].Job is one.
type Reader func(ctx context.Context, jid string, minions bool) (records.Job, error)

// Hub has the jobs that are watched. It is safe for concurrent use.
type Hub struct {
	read, fresh Reader
	wake        chan struct{}

	mu      sync.Mutex
	jobs    map[string]*job
	changed map[string]bool // watched jobs that have to be read, and whether something was recorded
	watches int
}

// job is a job that is watched.
type job struct {
	watches int
	ended   chan struct{} // closed when it has ended
	changed chan struct{} // closed when it has changed; another one takes its place

	atEnd    map[*Watch]func() // what is called when it has ended
	atChange map[*Watch]func() // what is called when it has changed

	noted uint64       // how often something was recorded about it
	known [2]knownJob  // without its minions, and with them
	last  *records.Job // what was read of it last, without its minions; nil before, or if it is not there
}

// knownJob is what was read of a job.
type knownJob struct {
	reading chan struct{} // closed when a reading has ended; nil without one
	job     records.Job
	at      time.Time // when the reading of job began; zero for never
	of      uint64    // how often something had been recorded by then
	large   bool      // whether it has too many minions to be kept
}

// New returns a hub without jobs, which reads those that have changed with read, and for
// [Watch.Job] with fresh. Nothing wakes before [Hub.Run].
func New(read, fresh Reader) *Hub {
	return &Hub{
		read: read, fresh: fresh, wake: make(chan struct{}, 1),
		jobs: make(map[string]*job), changed: make(map[string]bool),
	}
}

// Watch is one that waits for a job. It must be closed.
type Watch struct {
	hub    *Hub
	jid    string
	job    *job
	closed bool
}

// Watch watches a job, which may not be recorded yet. What was recorded before the
// call wakes nothing: the caller reads the job after it.
func (h *Hub) Watch(jid string) *Watch {
	h.mu.Lock()
	defer h.mu.Unlock()
	j := h.jobs[jid]
	if j == nil {
		j = &job{ended: make(chan struct{}), changed: make(chan struct{})}
		h.jobs[jid] = j
	}
	j.watches++
	h.watches++
	return &Watch{hub: h, jid: jid, job: j}
}

// Ended returns a channel that is closed when the store says that the job has
// ended.
func (w *Watch) Ended() <-chan struct{} { return w.job.ended }

// Changed returns a channel that is closed when something about the job is
// recorded after this call.
func (w *Watch) Changed() <-chan struct{} {
	w.hub.mu.Lock()
	defer w.hub.mu.Unlock()
	return w.job.changed
}

// Job reads the job, with its minions or without. One reading serves all that come
// within a second and before anything else is recorded about the job by this gateway;
// a job with very many minions is read by each. The list of minions is shared.
func (w *Watch) Job(ctx context.Context, minions bool) (records.Job, error) {
	h, j := w.hub, w.job
	known := &j.known[0]
	if minions {
		known = &j.known[1]
	}
	for {
		h.mu.Lock()
		if !known.at.IsZero() && known.of == j.noted && time.Since(known.at) < shared {
			defer h.mu.Unlock()
			return known.job, nil
		}
		if known.large {
			h.mu.Unlock()
			return h.fresh(ctx, w.jid, minions)
		}
		reading := known.reading
		if reading == nil {
			known.reading = make(chan struct{})
			began, noted := time.Now(), j.noted
			h.mu.Unlock()
			return h.readShared(ctx, w, known, minions, began, noted)
		}
		h.mu.Unlock()
		select {
		case <-reading:
		case <-ctx.Done():
			return records.Job{}, ctx.Err()
		}
	}
}

func (h *Hub) readShared(
	ctx context.Context, w *Watch, known *knownJob, minions bool, began time.Time, noted uint64,
) (j records.Job, err error) {
	err = context.Canceled // of a panic
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		close(known.reading)
		known.reading = nil
		switch {
		case err != nil:
		case len(j.Minions) > sharedMinions:
			known.large = true
		default:
			known.job, known.at, known.of = j, began, noted
			if !minions && w.job.last != nil && w.job.differs(j) {
				h.note(w.jid) // those that have read it before do not know
			}
			if !minions {
				w.job.last = &j
			}
		}
	}()
	return h.fresh(ctx, w.jid, minions)
}

// differs reports whether what was read of the job is not what was read of it last.
func (j *job) differs(read records.Job) bool {
	return j.last == nil || !reflect.DeepEqual(*j.last, read)
}

// AfterEnd has f called in a goroutine of its own when the store says that the job has
// ended, unless the watch is closed before. It is called at most once for a watch, and
// costs less than a goroutine that waits for Ended.
func (w *Watch) AfterEnd(f func()) {
	w.hub.mu.Lock()
	defer w.hub.mu.Unlock()
	select {
	case <-w.job.ended:
		go f()
		return
	default:
	}
	w.job.atEnd = withCall(w.job.atEnd, w, f)
}

// AfterChange has f called in a goroutine of its own when a channel is closed that
// Changed has returned, unless the watch is closed before, or AfterChange is called
// again. It costs less than a goroutine that waits for the channel.
func (w *Watch) AfterChange(changed <-chan struct{}, f func()) {
	w.hub.mu.Lock()
	defer w.hub.mu.Unlock()
	select {
	case <-changed:
		go f()
		return
	default:
	}
	w.job.atChange = withCall(w.job.atChange, w, f)
}

func withCall(calls map[*Watch]func(), w *Watch, f func()) map[*Watch]func() {
	if calls == nil {
		calls = make(map[*Watch]func())
	}
	calls[w] = f
	return calls
}

// Close ends the watch. It may be called again, by the same goroutine.
func (w *Watch) Close() {
	if w.closed {
		return
	}
	w.closed = true
	h := w.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	h.watches--
	delete(w.job.atEnd, w)
	delete(w.job.atChange, w)
	if w.job.watches--; w.job.watches == 0 {
		delete(h.jobs, w.jid)
		delete(h.changed, w.jid)
	}
}

// Awaited reports whether a job is watched.
func (h *Hub) Awaited(jid string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, ok := h.jobs[jid]
	return ok
}

// Len returns how many watches are open.
func (h *Hub) Len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.watches
}

// Recorded notes what was recorded. It does not block.
func (h *Hub) Recorded(b records.Batch) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.jobs) == 0 {
		return
	}
	for i := range b.Jobs {
		h.note(b.Jobs[i].JID)
	}
	for i := range b.Returns {
		h.note(b.Returns[i].JID)
	}
	for i := range b.Ends {
		h.note(b.Ends[i].JID)
	}
}

// note notes that a job has to be read, if it is watched.
func (h *Hub) note(jid string) {
	j, ok := h.jobs[jid]
	if !ok {
		return
	}
	j.noted++
	h.changed[jid] = true
	h.wakeUp()
}

// Run reads jobs that have changed and wakes their watches until ctx ends.
func (h *Hub) Run(ctx context.Context) {
	all := time.NewTicker(again)
	defer all.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-all.C:
			h.noteAll()
		case <-h.wake:
		}
		wait := gather
		if !h.round(ctx) {
			wait = failedPause
		}
		if pause.For(ctx, wait) != nil {
			return
		}
	}
}

func (h *Hub) noteAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for jid := range h.jobs {
		if !h.changed[jid] { // nothing was recorded about it
			h.changed[jid] = false
		}
	}
}

// round reads every job that has changed. It reports false, and leaves the rest for
// the next one, if the store cannot be read.
func (h *Hub) round(ctx context.Context) bool {
	for jid, recorded := range h.take() {
		j, err := h.read(ctx, jid, false)
		switch {
		case err == nil:
			h.wakeWatches(jid, &j, recorded)
		case errors.Is(err, records.ErrNotFound):
			h.wakeWatches(jid, nil, recorded)
		default:
			h.failed(jid, recorded)
			return false
		}
	}
	return true
}

// take yields the jobs that have to be read, with whether something was recorded about
// them, and forgets each of them before it is read: what is recorded meanwhile is noted
// again.
func (h *Hub) take() func(yield func(jid string, recorded bool) bool) {
	h.mu.Lock()
	jids := make([]string, 0, len(h.changed))
	for jid := range h.changed {
		jids = append(jids, jid)
	}
	h.mu.Unlock()
	return func(yield func(string, bool) bool) {
		for _, jid := range jids {
			h.mu.Lock()
			recorded, there := h.changed[jid]
			delete(h.changed, jid)
			h.mu.Unlock()
			if there && !yield(jid, recorded) {
				return
			}
		}
	}
}

// failed has the rest of a round read in the next one, with the job that could not
// be read if it is still watched.
func (h *Hub) failed(jid string, recorded bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, watched := h.jobs[jid]; watched {
		h.changed[jid] = h.changed[jid] || recorded
	}
	h.wakeUp()
}

// wakeUp has Run do another round. The caller holds h.mu, or needs none.
func (h *Hub) wakeUp() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// wakeWatches wakes the watches of a job that was read, or is not there if read is nil,
// if something was recorded about it, or has changed.
func (h *Hub) wakeWatches(jid string, read *records.Job, recorded bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	j := h.jobs[jid]
	if j == nil {
		return
	}
	ended := read != nil && read.State.Ended()
	same := read == nil && j.last == nil || read != nil && !j.differs(*read)
	j.last = read
	if same && !recorded && !ended {
		return
	}
	j.noted++ // what was read before it changed is not shared any more
	close(j.changed)
	j.changed = make(chan struct{})
	for _, f := range j.atChange {
		go f()
	}
	j.atChange = nil
	if !ended {
		return
	}
	select {
	case <-j.ended:
	default:
		close(j.ended)
	}
	for _, f := range j.atEnd {
		go f()
	}
	j.atEnd = nil
}
