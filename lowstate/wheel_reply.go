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

// pendingReply is the reply to a command that runs in the background, for one
// waiter that may give up before it comes.
type pendingReply struct {
	awaited context.Context // ends when the reply is there, or with the request
	replies chan reply

	end    context.CancelFunc
	onLate func(told string, r reply) // called with a reply that is not waited for any more

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

// abandon ends the waiting. told is the jid that the caller was given, or "".
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
