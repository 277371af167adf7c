package eventstream

import "context"

// What a reader takes from the ring at a time. It bounds what a slow one keeps alive after the ring has dropped it.
const (
	batchFrames = 32
	batchBytes  = 64 << 10
)

// Reader is a place in the stream. One goroutine at a time may call its methods.
type Reader struct {
	hub    *Hub
	filter Filter
	next   uint64  // the number of the frame to look at next
	batch  []Frame // taken from the ring
	given  int     // how many of those were given out
	closed bool

	// Of After; both are the hub's.
	after func()
	place int // in the hub's list, from 1 on; 0 for none
}

// Next waits for the next frame that the reader's filter lets through. Gaps always come through. Errors are
// [ErrSlow], [ErrClosed] and the context's; none of them goes away.
func (r *Reader) Next(ctx context.Context) (Frame, error) {
	for r.Buffered() == 0 {
		if err := ctx.Err(); err != nil {
			return Frame{}, err
		}
		wake, err := r.fill()
		if err != nil {
			return Frame{}, err
		}
		if r.Buffered() > 0 {
			break
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return Frame{}, ctx.Err()
		}
	}
	return r.take(), nil
}

func (r *Reader) take() Frame {
	f := r.batch[r.given]
	r.batch[r.given] = Frame{} // not kept alive for longer than need be
	r.given++
	return f
}

// Take is Next without waiting: ok is false when there is no frame yet.
func (r *Reader) Take() (f Frame, ok bool, err error) {
	if r.Buffered() == 0 {
		if _, err := r.fill(); err != nil {
			return Frame{}, false, err
		}
	}
	if r.Buffered() == 0 {
		return Frame{}, false, nil
	}
	return r.take(), true, nil
}

// After has f called, once and in a goroutine of its own, as soon as Take has more to look at or an error. A later call
// takes the place of an earlier one. It costs less than a goroutine that waits in Next.
func (r *Reader) After(f func()) {
	h := r.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.closed || h.ended || r.next != h.ring.head || r.Buffered() > 0 {
		go f()
		return
	}
	r.after = f
	if r.place == 0 {
		h.waiting = append(h.waiting, r)
		r.place = len(h.waiting)
	}
}

// Buffered is how many frames Next has at hand without looking further. A writer may wait with flushing until there
// are none.
func (r *Reader) Buffered() int { return len(r.batch) - r.given }

// Position is the id of the last frame that was looked at, whether the filter let it through or not. As
// [Request.After] it leads on from there. It is meant for readers that have nothing buffered.
func (r *Reader) Position() string { return r.hub.id(r.next - 1) }

// Close frees the reader's place. It may be called again.
func (r *Reader) Close() {
	if r.closed {
		return
	}
	r.closed, r.batch, r.given = true, nil, 0
	r.hub.leave(r)
}

// fill takes frames from the ring. When there are none, wake is closed as soon as there is more to look at.
func (r *Reader) fill() (wake <-chan struct{}, err error) {
	h := r.hub
	h.mu.RLock()
	defer h.mu.RUnlock()
	if r.closed || h.ended {
		return nil, ErrClosed
	}
	if r.next < h.ring.tail {
		h.counts.cutOff.Add(1)
		return nil, ErrSlow
	}
	r.batch, r.given = r.batch[:0], 0
	if r.next == h.ring.head {
		r.batch = nil // while it waits
	}
	size := int64(0)
	for r.next < h.ring.head && len(r.batch) < batchFrames && size < batchBytes {
		f := h.ring.at(r.next)
		r.next++
		if f.Gap == "" && !r.filter.Match(f.Tag) {
			continue
		}
		r.batch = append(r.batch, *f)
		size += f.size()
	}
	return h.wake, nil
}
