package server

import (
	"sync"
	"time"
)

// tally counts what is under way. Unlike a sync.WaitGroup it may be waited for
// while more comes in, and not for ever.
type tally struct {
	mu   sync.Mutex
	n    int
	none chan struct{} // made by wait, closed when n gets to 0
}

func (t *tally) enter() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n++
}

func (t *tally) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n--
	if t.n == 0 && t.none != nil {
		close(t.none)
		t.none = nil
	}
}

// wait reports whether nothing was under way within the given time.
func (t *tally) wait(most time.Duration) bool {
	t.mu.Lock()
	if t.n == 0 {
		t.mu.Unlock()
		return true
	}
	if t.none == nil {
		t.none = make(chan struct{})
	}
	none := t.none
	t.mu.Unlock()

	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-none:
		return true
	case <-timer.C:
		return false
	}
}
