package lowstate

import (
	"context"
	"sync"
)

// reply is what came of a command to the master.
type reply struct {
	answer WheelReturn
	err    error
}

// pendingReply is where a reply meets the one who waits for it, and who may leave
// before.
type pendingReply struct {
	awaited context.Context // ends when the reply is there, or with the request
	replies chan reply

	end    context.CancelFunc
	onLate func(told string, r reply) // hears of a reply for which nobody waited

	mu   sync.Mutex
	left bool
	told string
}

func newPendingReply(ctx context.Context, onLate func(told string, r reply)) *pendingReply {
	h := &pendingReply{replies: make(chan reply, 1), onLate: onLate}
	h.awaited, h.end = context.WithCancel(ctx)
	return h
}

// resolve hands the reply over. It is called once.
func (h *pendingReply) resolve(r reply) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.left {
		h.onLate(h.told, r)
	} else {
		h.replies <- r
	}
	h.end()
}

// abandon ends the waiting of one who is content with what was told.
func (h *pendingReply) abandon(told string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.left, h.told = true, told
	select {
	case r := <-h.replies:
		h.onLate(told, r)
	default:
	}
}
