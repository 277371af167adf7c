package eventstream

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/saltern-api/saltern/saltmaster/eventbus"
)

// Texts of gaps.
const (
	reasonUnknownID = "the events since the given id are not known any more"
	reasonBusLost   = "the connection to the master was lost"
	reasonOverflow  = "too many events came at once"
)

// listen begins to listen to the bus. The caller holds h.mu.
func (h *Hub) listen() {
	ctx, cancel := context.WithCancel(context.Background())
	tap := h.opts.Tap()
	h.ring.frames = make([]Frame, h.opts.Events)
	h.stop = func() {
		cancel()
		tap.Close()
	}
	h.pumps.Go(func() { h.pump(ctx, tap) })
}

// deafen ends the listening, if there is any. The caller holds h.mu.
func (h *Hub) deafen() {
	if h.stop == nil {
		return
	}
	h.stop()
	h.stop = nil
	h.ring.reset()
}

// pump puts what the bus says into the ring, until ctx ends or the bus does.
func (h *Hub) pump(ctx context.Context, tap Tap) {
	w := waker{hub: h, every: h.opts.Batch}
	defer w.stop()
	for {
		event, err := tap.Next(ctx)
		added := false
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			added = h.say(ctx, event)
		case errors.Is(err, eventbus.ErrGap):
			added = h.lost(ctx, reasonBusLost)
		case errors.Is(err, eventbus.ErrOverflow):
			added = h.lost(ctx, reasonOverflow)
		default:
			h.end()
			return
		}
		if added {
			w.wake()
		}
	}
}

// say puts an event into the ring. What comes from the bus is not trusted: an event that cannot be shown is left out.
func (h *Hub) say(ctx context.Context, event eventbus.Event) bool {
	if strings.HasPrefix(event.Tag, eventbus.ProbePrefix) {
		return false
	}
	data, err := redacted(event.Tag, event.Data)
	var f Frame
	if err == nil {
		f, err = newFrame(event.Tag, data)
	}
	if err == nil && f.size() > h.opts.Bytes {
		err = errors.New("larger than all that is kept")
	}
	if err != nil {
		h.counts.dropped.Add(1)
		h.opts.Log.LogAttrs(ctx, slog.LevelWarn, "an event cannot be shown",
			slog.String("tag", strings.ToValidUTF8(event.Tag[:min(len(event.Tag), 128)], "?")), slog.Any("error", err))
		return false
	}
	if !h.add(ctx, f) {
		return false
	}
	h.counts.frames.Add(1)
	return true
}

// lost puts a gap into the ring.
func (h *Hub) lost(ctx context.Context, reason string) bool {
	if !h.add(ctx, gap("", reason)) {
		return false
	}
	h.counts.gaps.Add(1)
	return true
}

// add gives a frame its id and its place, unless the hub has stopped listening in between.
func (h *Hub) add(ctx context.Context, f Frame) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if ctx.Err() != nil {
		return false
	}
	f.ID = h.id(h.ring.head)
	h.ring.push(f, h.opts.Bytes)
	return true
}

func (h *Hub) id(seq uint64) string { return h.boot + "-" + strconv.FormatUint(seq, 10) }

// seqOf reads an id, which comes from a client. It reports whether it is one of this hub's.
func (h *Hub) seqOf(id string) (seq uint64, ok bool) {
	boot, number, _ := strings.Cut(id, "-")
	seq, err := strconv.ParseUint(number, 10, 63)
	return seq, err == nil && boot == h.boot
}

// waker wakes the readers at once, or, when that has just happened, after a while.
type waker struct {
	hub       *Hub
	every     time.Duration
	last      time.Time   // when they were woken, or will be
	scheduled atomic.Bool // whether they will be
	timer     *time.Timer
}

func (w *waker) wake() {
	if w.scheduled.Load() {
		return
	}
	now := time.Now()
	if wait := w.every - now.Sub(w.last); wait > 0 {
		w.last = now.Add(wait)
		w.scheduled.Store(true)
		w.timer = time.AfterFunc(wait, func() {
			w.scheduled.Store(false) // from here on a new frame needs a new waking
			w.hub.wakeAll()
		})
		return
	}
	w.last = now
	w.hub.wakeAll()
}

func (w *waker) stop() {
	if w.timer != nil {
		w.timer.Stop()
	}
}

func (h *Hub) wakeAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.ended {
		h.wakeLocked()
	}
}
