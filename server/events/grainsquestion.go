package events

import (
	"context"
	"sync"

	"github.com/saltern-api/saltern/internal/lru"
	"github.com/saltern-api/saltern/server/caller"
)

// Views lets the readers of all views ask minions for their grains
// together: the answers come over the event bus, to every reader.
type Views struct {
	mu       sync.Mutex
	arrivals *lru.Cache[arrival, *grainsQuestion]
	rounds   *lru.Cache[string, *grainsQuestion] // of all minions, by authority
}

// maxQuestions is how many questions are remembered. One that is not is asked
// once more.
const maxQuestions = 256

// arrival is the minions that an event names.
type arrival struct{ authority, event, minions string }

// grainsQuestion is sent once. Its fields are guarded by Views.mu.
type grainsQuestion struct {
	after   <-chan struct{}     // to be waited for first; nil is nothing
	running chan struct{}       // closed when it has been sent; nil while it is not being sent
	asked   bool                // with success
	refused map[sharedUser]bool // whom it was not answered to
}

// sharedUser is somebody for whom a question or a stream counts.
type sharedUser struct{ eauth, name string }

func sharedUserOf(who *caller.Caller) sharedUser {
	is := who.Identity()
	return sharedUser{is.Eauth, is.User}
}

// NewViews returns one without questions.
func NewViews() *Views {
	return &Views{
		arrivals: lru.New[arrival, *grainsQuestion](maxQuestions),
		rounds:   lru.New[string, *grainsQuestion](maxQuestions),
	}
}

// ofArrival asks the minions that an event names, unless another reader of
// the same event has. A user who may not ask is no reason for another one not
// to; authority sets those apart whose questions have other answers.
func (g *Views) ofArrival(ctx context.Context, a arrival, user sharedUser, ask func() error) {
	g.mu.Lock()
	q, ok := g.arrivals.Get(a)
	if !ok {
		q = &grainsQuestion{}
		g.arrivals.Put(a, q)
	}
	g.mu.Unlock()
	g.once(ctx, q, user, ask)
}

// ofAll asks all minions, for a reader that follows the events from now on: a
// question that is on its way already may be answered in part. Who comes while
// one is, has the next one in common with all others who do.
func (g *Views) ofAll(ctx context.Context, authority string, user sharedUser, ask func() error) {
	g.mu.Lock()
	q, ok := g.rounds.Get(authority)
	if !ok || q.asked || q.running != nil || q.refused[user] {
		next := &grainsQuestion{}
		if ok {
			next.after = q.running
		}
		q = next
		g.rounds.Put(authority, q)
	}
	g.mu.Unlock()
	if q.after != nil {
		select {
		case <-q.after:
		case <-ctx.Done():
			return
		}
	}
	g.once(ctx, q, user, ask)
}

// once asks a question that nobody has asked yet, and waits while somebody
// does.
func (g *Views) once(ctx context.Context, q *grainsQuestion, user sharedUser, ask func() error) {
	for {
		g.mu.Lock()
		if q.asked || q.refused[user] {
			g.mu.Unlock()
			return
		}
		running := q.running
		if running == nil {
			q.running = make(chan struct{})
			g.mu.Unlock()
			g.lead(ctx, q, user, ask)
			return
		}
		g.mu.Unlock()
		select {
		case <-running:
		case <-ctx.Done():
			return
		}
	}
}

// lead asks. One who has gone meanwhile leaves the question to the others.
func (g *Views) lead(ctx context.Context, q *grainsQuestion, user sharedUser, ask func() error) {
	done := false
	var err error
	defer func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		close(q.running)
		q.running = nil
		switch {
		case !done, err != nil && ctx.Err() == nil:
			if q.refused == nil {
				q.refused = make(map[sharedUser]bool)
			}
			q.refused[user] = true
		case err == nil:
			q.asked = true
		}
	}()
	err = ask()
	done = true
}
