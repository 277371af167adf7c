package eventbus

import (
	"context"
	"log/slog"
	"slices"
	"sync"

	"github.com/saltern-api/saltern/internal/spool"
)

// Sub is one waiter's queue of events. One goroutine at a time may call Next; the other methods are free.
type Sub struct {
	bus    *Bus
	prefix string
	trim   func(Event) Event // nil for none
	wake   chan struct{}     // has room for one: the queue changed

	mu    sync.Mutex
	after func()   // of AfterNext; nil for none
	jids  []string // none while expecting
	queue queue
	bytes int64 // of the queue
	held  int64 // of them, in memory
	spool *spool.Spool
	there int // items in the spool
	ended bool
}

// item is an event, or an error at the place where events were lost.
type item struct {
	event   Event // without its data, if that is in the spool
	spooled spool.Section
	err     error
}

func (i item) size() int64 { return i.held() + i.spooled.Size() }

// held is how much of the item is in memory.
func (i item) held() int64 { return int64(len(i.event.Tag) + len(i.event.Data)) }

const (
	// queueMemory is how many bytes of a queue are in memory, if there is a spool.
	queueMemory = 4 << 20

	// busMemory is the same for the queues of all Subs together.
	busMemory = 64 << 20
)

func newSub(b *Bus) *Sub { return &Sub{bus: b, wake: make(chan struct{}, 1)} }

// Next waits for the next event. Events come in the master's order. At a place where events were lost it returns
// [ErrGap] or [ErrOverflow] once and can be called again; losses with no event between them are reported as one.
// [ErrClosed] is the end, and comes after the events that were queued before the bus ended.
func (s *Sub) Next(ctx context.Context) (Event, error) {
	for {
		next, ok := s.pop()
		if ok {
			return next.event, next.err
		}
		select {
		case <-s.wake:
		case <-ctx.Done():
			return Event{}, ctx.Err()
		}
	}
}

// TryNext is Next if there is something to return, and otherwise reports false.
func (s *Sub) TryNext() (e Event, err error, ok bool) {
	next, ok := s.pop()
	return next.event, next.err, ok
}

// AfterNext has f called in a goroutine of its own when Next would not wait, unless
// AfterNext is called again before: until then there is no goroutine.
func (s *Sub) AfterNext(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queue.len() > 0 || s.ended {
		s.after = nil
		go f()
		return
	}
	s.after = f
}

func (s *Sub) pop() (item, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queue.len() > 0 {
		next := s.queue.pop()
		s.count(next, -1)
		if next.spooled.Size() > 0 {
			next = s.read(next)
		}
		return next, true
	}
	return item{err: ErrClosed}, s.ended
}

// count adds an item to what the queue holds, or takes it out.
func (s *Sub) count(i item, sign int64) {
	s.bytes += sign * i.size()
	s.held += sign * i.held()
	s.bus.waiting.Add(sign * i.held())
	if i.spooled.Size() > 0 {
		s.there += int(sign)
	}
}

// read returns the item with its data. Data that cannot be read is lost.
func (s *Sub) read(i item) item {
	data, err := i.spooled.Bytes()
	s.freeSpool()
	if err != nil {
		s.bus.opts.Log.Error("an event could not be read from its file", slog.Any("error", err))
		return item{err: ErrOverflow}
	}
	i.event.Data, i.spooled = data, spool.Section{}
	return i
}

// put moves the data of an item into the spool, if there is too much in memory.
func (s *Sub) put(i item) (item, error) {
	store, size := s.bus.opts.Spool, i.held()
	if store == nil || (s.held == 0 || s.held+size <= queueMemory) && s.bus.waiting.Load()+size <= busMemory {
		return i, nil
	}
	if s.spool == nil {
		s.spool = store.New()
	}
	mark := s.spool.Size()
	if _, err := s.spool.Write(i.event.Data); err != nil {
		return i, err
	}
	i.event.Data, i.spooled = nil, s.spool.Since(mark)
	return i, nil
}

// freeSpool closes the spool if nothing in it waits any more.
func (s *Sub) freeSpool() {
	if s.spool != nil && s.there == 0 {
		_ = s.spool.Close() // there is nothing to be lost
		s.spool = nil
	}
}

// Bind narrows a Sub made by [Bus.Expect] to one job: of the events of its prefix it keeps those of jid, in the
// queue and from now on. On any other Sub it does nothing.
func (s *Sub) Bind(jid string) { s.bus.bind(s, jid) }

// Follow makes a Sub of one job collect the answer of another one too, such as
// that of a question about the first. On a Sub that is expecting or closed it
// does nothing.
func (s *Sub) Follow(jid string) { s.bus.follow(s, jid) }

// also adds a job. It reports whether the Sub takes one.
func (s *Sub) also(jid string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || len(s.jids) == 0 || slices.Contains(s.jids, jid) {
		return false
	}
	s.jids = append(s.jids, jid)
	return true
}

func (s *Sub) narrow(jid string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.jids = []string{jid}
	var kept queue
	for i := range s.queue.all() {
		if i.err != nil || jobOf(i.event.Tag) == jid {
			kept.push(i)
		} else {
			s.count(i, -1)
		}
	}
	s.queue = kept
	s.freeSpool()
}

func (s *Sub) boundTo() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.jids
}

// Close frees what the Sub holds. Next then returns [ErrClosed].
func (s *Sub) Close() {
	s.bus.remove(s)
	s.mu.Lock()
	for i := range s.queue.all() {
		s.count(i, -1)
	}
	s.queue = queue{}
	s.freeSpool()
	s.ended = true // at once: the reader may be about to queue another event
	s.signal()
	s.mu.Unlock()
}

func (s *Sub) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.signal()
}

// push queues an event, or notes that there was no room. It never waits.
func (s *Sub) push(e Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// The Sub may have been bound or closed since the reader looked for those that want the event.
	if s.ended || len(s.jids) > 0 && !slices.Contains(s.jids, jobOf(e.Tag)) {
		return
	}
	if s.trim != nil {
		e = s.trim(e)
	}
	i := item{event: e}
	opts := &s.bus.opts
	if s.queue.len() >= opts.QueueEvents || s.bytes+i.size() > opts.QueueBytes {
		s.bus.counts.overflowed.Add(1)
		s.lost(ErrOverflow)
		return
	}
	i, err := s.put(i)
	if err != nil {
		s.bus.opts.Log.Error("an event could not be written to a file", slog.Any("error", err))
		s.bus.counts.overflowed.Add(1)
		s.lost(ErrOverflow)
		return
	}
	s.bus.counts.delivered.Add(1)
	s.queue.push(i)
	s.count(i, 1)
	s.signal()
}

// mark notes at the queue's end that events were lost.
func (s *Sub) mark(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost(err)
}

// lost is mark for a caller that holds s.mu.
func (s *Sub) lost(err error) {
	if last, ok := s.queue.last(); ok && last.err != nil {
		return
	}
	s.queue.push(item{err: err})
	s.signal()
}

// signal has Next return. The caller holds s.mu.
func (s *Sub) signal() {
	if s.after != nil {
		go s.after()
		s.after = nil
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
