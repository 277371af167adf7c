package mint

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/internal/lru"
)

// Store is the master's token store.
type Store interface {
	// Check returns nil if the master accepts a token that was written here, by
	// writing one and removing it. An error that is [ErrNotAccepted] is final;
	// any other one means that the check could not decide yet.
	Check(ctx context.Context) error

	// Write makes a token for user. life is the lifetime that the user
	// requests, 0 for none. After an error nothing is left behind, unless the
	// returned token has a value: that one is still to be removed.
	Write(ctx context.Context, user, eauth string, groups []string, life time.Duration) (eauth.Token, error)

	// Remove removes a token. One that no longer exists is no error.
	Remove(ctx context.Context, token string) error
}

// ErrNotAccepted means that the master does not accept tokens written here.
var ErrNotAccepted = errors.New("the master does not accept written tokens")

var (
	errClosed      = fmt.Errorf("mint: closed: %w", eauth.ErrUnavailable)
	errTooManyLeft = fmt.Errorf("mint: too many tokens could not be removed: %w", eauth.ErrUnavailable)
)

// Options set up a [Mint]. The zero value is usable.
type Options struct {
	Users  int          // how many users have a token at once; 1024
	Logger *slog.Logger // receives tokens that could not be removed; nil discards
}

// storeTimeout bounds one call of the store. Such a call does not end with the
// request that caused it: a canceled write might have succeeded.
const storeTimeout = 15 * time.Second

// Mint is safe for use by several goroutines.
type Mint struct {
	store Store
	log   *slog.Logger
	most  int

	usable selfCheck
	calls  sync.WaitGroup // calls of the store in their own goroutines

	mu             sync.Mutex
	users          *lru.Cache[owner, *place]
	live           map[*token]struct{} // all tokens that may be used
	pendingRemoval []string            // tokens to be removed, after the next unlock
	failed         []string            // tokens whose removal failed
	retryAt        time.Time           // when to retry those
	closed         bool
}

// owner is the user that a token is written for.
type owner struct{ user, eauth string }

// place is the entry of one user's token. Its fields, and those of what it
// points to, are guarded by Mint.mu.
type place struct {
	token *token // nil when there is none yet
	write *write // nil when none is in progress
	gone  bool   // the user was evicted: no token is kept here any more
}

// token is one that the store wrote.
type token struct {
	value      string
	groups     []string
	renewAt    time.Time
	refs       int  // grants that use it
	superseded bool // to be removed as soon as it is unused
}

// New returns a mint over store. It must be closed.
func New(store Store, o Options) *Mint {
	if o.Users <= 0 {
		o.Users = 1024
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Mint{
		store: store,
		log:   o.Logger,
		most:  o.Users,
		users: lru.New[owner, *place](o.Users),
		live:  make(map[*token]struct{}),
	}
}

// Grant returns the authority of a checked user. groups are the user's groups
// as Salt's eauth module would list them; the order does not matter.
func (m *Mint) Grant(ctx context.Context, user, module string, groups []string) (eauth.Grant, error) {
	g := &grant{mint: m, owner: owner{user, module}, groups: normal(groups)}
	t, err := m.acquire(ctx, g.owner, g.groups, "")
	if err != nil {
		return nil, err
	}
	g.token = t
	return g, nil
}

func normal(groups []string) []string {
	groups = slices.Clone(groups)
	slices.Sort(groups)
	return slices.Compact(groups)
}

// acquire returns the user's token, written now if necessary, and counts its
// use. bad is a token that the master did not accept, or empty.
func (m *Mint) acquire(ctx context.Context, o owner, groups []string, bad string) (*token, error) {
	for {
		t, wr, err := m.join(ctx, o, groups, bad)
		m.remove(ctx) // the tokens of the user that this one evicted
		if t != nil || err != nil {
			return t, err
		}
		mine := slices.Equal(wr.groups, groups)
		select {
		case <-wr.done:
			if mine || wr.err != nil {
				return wr.token, wr.err
			}
		case <-ctx.Done():
			if mine {
				m.abandon(ctx, wr)
			}
			return nil, fmt.Errorf("mint: %w", ctx.Err())
		}
	}
}

// join returns the user's token if it is good, and otherwise a write to wait
// for. If that write is for the same groups, a use of its token is counted.
func (m *Mint) join(ctx context.Context, o owner, groups []string, bad string) (*token, *write, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, nil, errClosed
	}
	p := m.place(o)
	if t := p.token; t != nil && t.serves(groups, bad) {
		t.refs++
		return t, nil, nil
	}
	if p.write == nil {
		if len(m.failed) >= m.most {
			return nil, nil, errTooManyLeft
		}
		m.start(ctx, o, p, groups, bad != "")
		m.sweep()
	}
	if slices.Equal(p.write.groups, groups) {
		p.write.waiters++
	}
	return nil, p.write, nil
}

// serves reports whether t is good for another request.
func (t *token) serves(groups []string, bad string) bool {
	return t.value != bad && time.Now().Before(t.renewAt) && slices.Equal(t.groups, groups)
}

// place returns the place of o, or makes one, which may evict another.
func (m *Mint) place(o owner) *place {
	if p, ok := m.users.Get(o); ok {
		return p
	}
	p := &place{}
	if old, evicted := m.users.Put(o, p); evicted {
		old.gone = true
		m.scheduleRemoval(old.token)
	}
	return p
}

// sweep drops users whose token has expired and is not in use.
func (m *Mint) sweep() {
	now := time.Now()
	for o, p := range m.users.All() {
		if t := p.token; t != nil && p.write == nil && t.refs == 0 && !now.Before(t.renewAt) {
			m.users.Delete(o)
			m.scheduleRemoval(t)
		}
	}
}

// scheduleRemoval schedules the removal of t, which may be nil, for when it is
// unused.
func (m *Mint) scheduleRemoval(t *token) {
	if t != nil {
		t.superseded = true
		m.removeIfUnused(t)
	}
}

// expose schedules the removal of o's token, if it still is this one.
func (m *Mint) expose(o owner, value string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p, ok := m.users.Get(o); ok && p.token != nil && p.token.value == value {
		m.scheduleRemoval(p.token)
		p.token = nil
	}
}

// removeIfUnused schedules the removal of t if it has no use left.
func (m *Mint) removeIfUnused(t *token) {
	if _, ok := m.live[t]; ok && t.superseded && t.refs == 0 {
		delete(m.live, t)
		m.pendingRemoval = append(m.pendingRemoval, t.value)
	}
}

// release ends one use of t.
func (m *Mint) release(ctx context.Context, t *token) {
	m.mu.Lock()
	t.refs--
	m.removeIfUnused(t)
	m.mu.Unlock()
	m.remove(ctx)
}

// keep writes a token that is the user's own to keep. Like every write it does
// not end with the request, and leaves nothing behind where it fails.
func (m *Mint) keep(ctx context.Context, o owner, groups []string, life time.Duration) (eauth.Token, error) {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return eauth.Token{}, errClosed
	}
	m.calls.Add(1)
	m.mu.Unlock()
	defer m.calls.Done()

	t, err := m.call(context.WithoutCancel(ctx), o, groups, life)
	if err == nil {
		return t, nil
	}
	if t.Value != "" {
		m.mu.Lock()
		m.pendingRemoval = append(m.pendingRemoval, t.Value)
		m.mu.Unlock()
		m.remove(ctx)
	}
	return eauth.Token{}, err
}
