package recorder

import (
	"bytes"
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/saltern-api/saltern/internal/spool"
)

const (
	// queueMemory is how many bytes of entries wait in memory. Beyond it they go
	// to a file.
	queueMemory = 4 << 20

	// blockSize is how many bytes of a file are read at once.
	blockSize = 1 << 20

	// gatherBytes is how many bytes of entries are gathered for a batch at most.
	gatherBytes = 1 << 20

	// perEntry is about what an entry takes beside its texts and its value.
	perEntry = 400
)

// queue is the entries that wait, the oldest first: some in memory, then blocks
// of a file, then the block that is being written.
type queue struct {
	store *spool.Store  // nil: nothing goes to a file
	wake  chan struct{} // one entry was added, or more
	hurry chan struct{} // it became more urgent to write them

	mu      sync.Mutex
	urgency urgency
	pushed  int64         // entries, since the beginning
	written int64         // of these
	wrote   chan struct{} // closed when written grows; another one takes its place
	away    bool          // what waits cannot be written now
	late    int64         // of pushed: until these are written nobody waits, as one has waited too long for them
	front   []Entry
	held    int64 // bytes in front
	blocks  []block
	writing bytes.Buffer // JSON, one entry a line
	waiting int          // entries
	inBlock int          // entries in writing
	first   time.Time    // of the oldest in writing
}

type block struct {
	spool   *spool.Spool
	entries int
	first   time.Time
}

// urgency is how soon what waits has to be written.
type urgency int

const (
	whenever urgency = iota // within maxGather
	soon                    // somebody waits for a job of it
	atOnce                  // somebody reads, or there is enough for a batch
)

func newQueue(store *spool.Store) *queue {
	return &queue{store: store, wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1), wrote: make(chan struct{})}
}

func (e Entry) size() int64 {
	n := int64(perEntry)
	if e.Return != nil {
		n += int64(len(e.Return.Value))
	}
	if e.Job != nil {
		n += int64(len(e.Job.Arguments)) + 40*int64(len(e.Job.Minions))
	}
	return n
}

// push adds an entry. It reports false if there is no room for it.
func (q *queue) push(e Entry, u urgency) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.blocks) == 0 && q.writing.Len() == 0 && (len(q.front) == 0 || q.held+e.size() <= queueMemory) {
		q.front = append(q.front, e)
		q.held += e.size()
	} else if !q.spill(e) {
		return false
	}
	q.waiting++
	q.pushed++
	if q.waiting >= batchEntries || q.held >= gatherBytes {
		u = atOnce
	}
	q.raise(u)
	q.signal()
	return true
}

// raise has what waits written sooner. The caller holds q.mu.
func (q *queue) raise(u urgency) {
	if u <= q.urgency {
		return
	}
	q.urgency = u
	select {
	case q.hurry <- struct{}{}:
	default:
	}
}

// urgent returns how soon what waits has to be written.
func (q *queue) urgent() urgency {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.urgency
}

// settle waits until what was added before the call is written, or that cannot be done
// now, or takes longer than most, or ctx ends. After it took longer once, what is added
// meanwhile is not waited for.
func (q *queue) settle(ctx context.Context, most time.Duration) {
	within, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	q.mu.Lock()
	defer q.mu.Unlock()
	for want := q.pushed; q.written < want && q.written >= q.late && !q.away && ctx.Err() == nil; {
		q.raise(atOnce)
		wrote := q.wrote
		q.mu.Unlock()
		select {
		case <-wrote:
		case <-within.Done():
		}
		q.mu.Lock()
		if within.Err() != nil {
			if ctx.Err() == nil && q.written < want {
				q.late = max(q.late, want)
				q.announce()
			}
			return
		}
	}
}

// isWritten notes that entries are written, or will not be.
func (q *queue) isWritten(n int) {
	if n == 0 {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.written += int64(n)
	q.announce()
}

// isAway notes whether what waits can be written now.
func (q *queue) isAway(away bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.away = away; away {
		q.announce()
	}
}

// announce wakes those that wait in settle. The caller holds q.mu.
func (q *queue) announce() {
	close(q.wrote)
	q.wrote = make(chan struct{})
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// spill adds an entry at the end, which goes to a file when there are enough.
func (q *queue) spill(e Entry) bool {
	if q.store == nil || q.writing.Len() >= blockSize && !q.flush() {
		return false
	}
	text, err := json.Marshal(e)
	if err != nil {
		return false
	}
	if q.inBlock == 0 {
		q.first = e.At
	}
	q.writing.Write(text)
	q.writing.WriteByte('\n')
	q.inBlock++
	return true
}

// flush writes the block that is complete.
func (q *queue) flush() bool {
	s := q.store.New()
	_, err := s.Write(q.writing.Bytes())
	if err == nil {
		err = s.Shrink() // some hundred blocks may wait
	}
	if err != nil {
		_ = s.Close() // there is nothing in it
		return false
	}
	q.blocks = append(q.blocks, block{s, q.inBlock, q.first})
	q.writing, q.inBlock = bytes.Buffer{}, 0
	return true
}

// pop returns at most n of the oldest entries with at most most bytes, or one,
// and how many entries of a block could not be read.
func (q *queue) pop(n int, most int64) (taken []Entry, lost int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.front) == 0 {
		lost = q.load()
	}
	for len(taken) < n && len(q.front) > 0 {
		size := q.front[0].size()
		if len(taken) > 0 && size > most {
			break
		}
		most -= size
		q.held -= size
		taken = append(taken, q.front[0])
		q.front[0] = Entry{}
		q.front = q.front[1:]
	}
	if len(q.front) == 0 {
		q.front, q.held = nil, 0
	}
	if q.waiting -= len(taken) + lost; q.waiting == 0 {
		q.urgency = whenever
	}
	return taken, lost
}

// load reads the oldest block.
func (q *queue) load() (lost int) {
	var text []byte
	entries := 0
	if len(q.blocks) > 0 {
		b := q.blocks[0]
		q.blocks = q.blocks[1:]
		text, _ = b.spool.Since(0).Bytes() // what cannot be read is counted as lost
		_ = b.spool.Close()                // it was read
		entries = b.entries
	} else {
		text, entries = q.writing.Bytes(), q.inBlock
		q.writing, q.inBlock = bytes.Buffer{}, 0
	}
	for line := range bytes.Lines(text) {
		var e Entry
		if json.Unmarshal(line, &e) == nil {
			q.front = append(q.front, e)
			q.held += e.size()
		}
	}
	return entries - len(q.front)
}

// len returns how many entries wait.
func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waiting
}

// oldest returns when the oldest entry was read; the zero time if none waits.
func (q *queue) oldest() time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case len(q.front) > 0:
		return q.front[0].At
	case len(q.blocks) > 0:
		return q.blocks[0].first
	case q.inBlock > 0:
		return q.first
	}
	return time.Time{}
}

// close frees the files.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, b := range q.blocks {
		_ = b.spool.Close() // what is lost here is in the job cache
	}
	q.blocks, q.front, q.store, q.waiting = nil, nil, nil, 0
}
