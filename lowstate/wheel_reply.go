package lowstate

import (
	"context"
	"sync"
)

// reply is the result of a command to the master.
type reply struct {
	answer WheelReturn
	err    error
}

// pendingReply is the reply to a command in the background, for one waiter that
// may give up before it comes.
type pendingReply struct {
	awaited context.Context // ends with the reply, or with the request
	replies chan reply

	end    context.CancelFunc
	onLate func(told string, r reply) // called with a reply after the wait for it has ended

	mu   sync.Mutex
	left bool
	told string
}

func newPendingReply(ctx context.Context, onLate func(told string, r reply)) *pendingReply {
	h := &pendingReply{replies: make(chan reply, 1), onLate: onLate}
	h.awaited, h.end = context.WithCancel(ctx)
	return h
}

// resolve delivers the reply. It is called once.
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

// abandon ends the wait. told is the jid in the caller's answer, or "".
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
