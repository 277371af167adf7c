package events

import (
	"context"
	"sync"

	"github.com/saltern-api/saltern/internal/lru"
	"github.com/saltern-api/saltern/server/caller"
)

// Views coalesces the requests for minions' grains of all views: the returns
// come over the event bus, to every reader.
type Views struct {
	mu       sync.Mutex
	arrivals *lru.Cache[arrival, *grainsQuestion]
	rounds   *lru.Cache[string, *grainsQuestion] // to all minions, by authority
}

// maxQuestions is how many requests are remembered. One that is not is sent
// once more.
const maxQuestions = 256

// arrival is an event that names new minions, for one authority.
type arrival struct{ authority, event, minions string }

// grainsQuestion is a request for grains that is sent once. Its fields are
// guarded by Views.mu.
type grainsQuestion struct {
	after   <-chan struct{}     // to be waited for first; nil is nothing
	running chan struct{}       // closed when the request has been sent; nil while it is not being sent
	sent    bool                // successfully
	refused map[sharedUser]bool // users whose attempt failed
}

// sharedUser identifies a user, whose attempts and streams count together.
type sharedUser struct{ eauth, name string }

func sharedUserOf(sender *caller.Caller) sharedUser {
	is := sender.Identity()
	return sharedUser{is.Eauth, is.User}
}

// NewViews returns a Views without requests.
func NewViews() *Views {
	return &Views{
		arrivals: lru.New[arrival, *grainsQuestion](maxQuestions),
		rounds:   lru.New[string, *grainsQuestion](maxQuestions),
	}
}

// ofArrival requests the grains of the minions that an event names, unless
// another reader of the same event has. The refusal of one user does not stop
// the request of another; authority separates requests with different results.
func (g *Views) ofArrival(ctx context.Context, a arrival, user sharedUser, send func() error) {
	g.mu.Lock()
	q, ok := g.arrivals.Get(a)
	if !ok {
		q = &grainsQuestion{}
		g.arrivals.Put(a, q)
	}
	g.mu.Unlock()
	g.once(ctx, q, user, send)
}

// ofAll requests the grains of all minions, for a reader that starts now: it
// would miss part of the returns to a request that is already being sent. All
// readers that start during one share the next.
func (g *Views) ofAll(ctx context.Context, authority string, user sharedUser, send func() error) {
	g.mu.Lock()
	q, ok := g.rounds.Get(authority)
	if !ok || q.sent || q.running != nil || q.refused[user] {
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
	g.once(ctx, q, user, send)
}

// once sends a request that was not sent yet, and waits while another reader
// sends it.
func (g *Views) once(ctx context.Context, q *grainsQuestion, user sharedUser, send func() error) {
	for {
		g.mu.Lock()
		if q.sent || q.refused[user] {
			g.mu.Unlock()
			return
		}
		running := q.running
		if running == nil {
			q.running = make(chan struct{})
			g.mu.Unlock()
			g.lead(ctx, q, user, send)
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

// lead calls send. If its reader goes away meanwhile, another one sends the
// request.
func (g *Views) lead(ctx context.Context, q *grainsQuestion, user sharedUser, send func() error) {
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
			q.sent = true
		}
	}()
	err = send()
	done = true
}
