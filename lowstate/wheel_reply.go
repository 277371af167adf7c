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

// handover is where a reply meets the one who waits for it, and who may leave
// before.
type handover struct {
	awaited context.Context // ends when the reply is there, or with the request
	came    chan reply

	end      context.CancelFunc
	conclude func(told string, r reply) // hears of a reply for which nobody waited

	mu   sync.Mutex
	left bool
	told string
}

func newHandover(ctx context.Context, conclude func(told string, r reply)) *handover {
	h := &handover{came: make(chan reply, 1), conclude: conclude}
	h.awaited, h.end = context.WithCancel(ctx)
	return h
}

// deliver hands the reply over. It is called once.
func (h *handover) deliver(r reply) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.left {
		h.conclude(h.told, r)
	} else {
		h.came <- r
	}
	h.end()
}

// leave ends the waiting of one who is content with what was told.
func (h *handover) leave(told string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.left, h.told = true, told
	select {
	case r := <-h.came:
		h.conclude(told, r)
	default:
	}
}
