package local

import (
	"context"
	"iter"
	"sync"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// maxPending bounds the ids that wait for a watcher. A watcher that is slower
// gets a recheck instead.
const maxPending = 4096

// Hub sends notices to watchers. Its zero value is ready.
type Hub struct {
	mu       sync.Mutex
	watchers map[*watcher]struct{}
}

type watcher struct {
	wake    chan struct{} // has one element while something is pending
	pending apitoken.Notice
}

// Publish sends a notice to every watcher without waiting for any.
func (h *Hub) Publish(n apitoken.Notice) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range h.watchers {
		w.add(n)
	}
}

func (w *watcher) add(n apitoken.Notice) {
	w.pending.Documents = w.pending.Documents || n.Documents
	w.pending.Recheck = w.pending.Recheck || n.Recheck
	if len(w.pending.Revoked)+len(n.Revoked) > maxPending {
		w.pending.Recheck, w.pending.Revoked = true, nil
	}
	if !w.pending.Recheck {
		w.pending.Revoked = append(w.pending.Revoked, n.Revoked...)
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Watch implements [apitoken.Store.Watch].
func (h *Hub) Watch(ctx context.Context) iter.Seq[apitoken.Notice] {
	return func(yield func(apitoken.Notice) bool) {
		w := &watcher{wake: make(chan struct{}, 1)}
		w.add(apitoken.Notice{Recheck: true})
		h.enter(w)
		defer h.leave(w)
		for {
			select {
			case <-ctx.Done():
				return
			case <-w.wake:
			}
			if !yield(h.take(w)) {
				return
			}
		}
	}
}

func (h *Hub) enter(w *watcher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.watchers == nil {
		h.watchers = make(map[*watcher]struct{})
	}
	h.watchers[w] = struct{}{}
}

func (h *Hub) leave(w *watcher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.watchers, w)
}

func (h *Hub) take(w *watcher) apitoken.Notice {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := w.pending
	w.pending = apitoken.Notice{}
	return n
}
