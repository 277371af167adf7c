package watch

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/saltern-api/saltern/records"
)

const (
	// pause is the time between two rounds of reading, in which changes gather.
	pause = 50 * time.Millisecond

	// failedPause is the same after the store could not be read.
	failedPause = time.Second

	// again is how often every watched job is read, changed or not: another
	// gateway may have ended it while this one did not hear of that.
	again = time.Minute
)

// Reader reads a job from a store. [records.Reader].Job is one.
type Reader func(ctx context.Context, jid string, minions bool) (records.Job, error)

// Hub has the jobs that are watched. It is safe for concurrent use.
type Hub struct {
	read Reader
	wake chan struct{}

	mu      sync.Mutex
	jobs    map[string]*job
	changed map[string]struct{} // watched jobs that have to be read
	watches int
}

// job is a job that is watched.
type job struct {
	watches int
	ended   chan struct{} // closed when it has ended
	changed chan struct{} // closed when it has changed; another one takes its place
}

// New returns a hub without jobs. Nothing wakes before [Hub.Run].
func New(read Reader) *Hub {
	return &Hub{
		read: read, wake: make(chan struct{}, 1),
		jobs: make(map[string]*job), changed: make(map[string]struct{}),
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
	if w.job.watches--; w.job.watches == 0 {
		delete(h.jobs, w.jid)
		delete(h.changed, w.jid)
	}
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
	if _, ok := h.jobs[jid]; !ok {
		return
	}
	h.changed[jid] = struct{}{}
	select {
	case h.wake <- struct{}{}:
	default:
	}
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
		wait := pause
		if !h.round(ctx) {
			wait = failedPause
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

func (h *Hub) noteAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for jid := range h.jobs {
		h.changed[jid] = struct{}{}
	}
}

// round reads every job that has changed. It reports false, and leaves the rest for
// the next one, if the store cannot be read.
func (h *Hub) round(ctx context.Context) bool {
	for jid := range h.take() {
		j, err := h.read(ctx, jid, false)
		if err != nil && !errors.Is(err, records.ErrNotFound) {
			h.failed(jid)
			return false
		}
		h.wakeWatches(jid, err == nil && j.State.Ended())
	}
	return true
}

// take yields the jobs that have changed, and forgets each of them before it is
// read: what is recorded meanwhile is noted again.
func (h *Hub) take() func(yield func(jid string) bool) {
	h.mu.Lock()
	jids := make([]string, 0, len(h.changed))
	for jid := range h.changed {
		jids = append(jids, jid)
	}
	h.mu.Unlock()
	return func(yield func(string) bool) {
		for _, jid := range jids {
			h.mu.Lock()
			_, there := h.changed[jid]
			delete(h.changed, jid)
			h.mu.Unlock()
			if there && !yield(jid) {
				return
			}
		}
	}
}

func (h *Hub) failed(jid string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.note(jid)
}

func (h *Hub) wakeWatches(jid string, ended bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	j := h.jobs[jid]
	if j == nil {
		return
	}
	close(j.changed)
	j.changed = make(chan struct{})
	if !ended {
		return
	}
	select {
	case <-j.ended:
	default:
		close(j.ended)
	}
}
