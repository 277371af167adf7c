package issuer

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/eauth/session"
)

const (
	// recheckEvery is how often the tokens of streams are looked at when
	// nothing is heard of them: their owners may have gone.
	recheckEvery   = 5 * time.Second
	recheckTimeout = 10 * time.Second // for one

	// unsure is how long a stream goes on when the store cannot be asked.
	unsure = 30 * time.Second
)

// Follow returns a context that ends with a token: with the cause
// [session.ErrExpired] when it expires, and with [session.ErrRevoked] within a
// second after it was revoked, and some seconds after its owner has gone or its
// scopes have lost one of the permissions that are needed. Who opens a stream
// is asked for no more than that either, see [role.Set.MayReach]. The function
// that comes with it must be called.
func (s *Service) Follow(
	ctx context.Context, p *Principal, needs ...role.Permission,
) (context.Context, context.CancelFunc) {
	stopTimer := context.CancelFunc(func() {})
	if !p.Expires.IsZero() {
		ctx, stopTimer = context.WithDeadlineCause(ctx, p.Expires, session.ErrExpired)
	}
	ctx, end := context.WithCancelCause(ctx)
	f := &follower{p: p, needs: needs, end: end}
	f.sure.Store(s.now().UnixNano())
	s.follow.add(f)
	// It may have ended between its check and now.
	s.look(ctx, f)
	forgotten := context.AfterFunc(ctx, func() { s.follow.forget(f) }) // a caller may never come to it
	return ctx, func() {
		end(context.Canceled)
		stopTimer()
		forgotten()
		s.follow.forget(f)
	}
}

// follower is one context that ends with its token.
type follower struct {
	p     *Principal
	needs []role.Permission
	end   context.CancelCauseFunc
	sure  atomic.Int64 // the Unix time, in ns, when the token was last known to be good
}

// followers are all of them, by the tokens that they end with.
type followers struct {
	kick chan struct{} // holds one element when all are to be looked at

	mu     sync.Mutex
	byID   map[string]map[*follower]struct{}
	closed bool
}

func newFollowers() *followers {
	return &followers{kick: make(chan struct{}, 1), byID: make(map[string]map[*follower]struct{})}
}

func (f *follower) ids() []string { return []string{f.p.TokenID, f.p.RefreshTokenID} }

func (fs *followers) add(f *follower) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.closed {
		f.end(context.Canceled)
		return
	}
	if len(fs.byID) == 0 {
		defer fs.recheck() // nobody looks where nothing is
	}
	for _, id := range f.ids() {
		if fs.byID[id] == nil {
			fs.byID[id] = make(map[*follower]struct{})
		}
		fs.byID[id][f] = struct{}{}
	}
}

func (fs *followers) forget(f *follower) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, id := range f.ids() {
		delete(fs.byID[id], f)
		if len(fs.byID[id]) == 0 {
			delete(fs.byID, id)
		}
	}
}

// end ends what is built on tokens that were revoked.
func (fs *followers) end(ids ...string) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, id := range ids {
		for f := range fs.byID[id] {
			f.end(session.ErrRevoked) // what forgets it waits for the lock
		}
	}
}

func (fs *followers) all() []*follower {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	seen := make(map[*follower]struct{})
	var list []*follower
	for _, some := range fs.byID {
		for f := range some {
			if _, twice := seen[f]; !twice {
				seen[f] = struct{}{}
				list = append(list, f)
			}
		}
	}
	return list
}

func (fs *followers) close() {
	fs.mu.Lock()
	fs.closed = true
	fs.mu.Unlock()
	for _, f := range fs.all() {
		f.end(context.Canceled)
	}
}

// recheck has all be looked at soon.
func (fs *followers) recheck() {
	select {
	case fs.kick <- struct{}{}:
	default:
	}
}

// watch listens to what other gateways do.
func (s *Service) watch(ctx context.Context) {
	for n := range s.store.Watch(ctx) {
		s.follow.end(n.Revoked...)
		if n.Documents || n.Recheck {
			s.rolesChanged()
			s.follow.recheck()
		}
	}
}

// lookAfter looks at what is followed, again and again while there is anything.
func (s *Service) lookAfter(ctx context.Context) {
	timer := time.NewTimer(recheckEvery)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-s.follow.kick:
		}
		all := s.follow.all()
		for _, f := range all {
			s.look(ctx, f)
		}
		if timer.Stop(); len(all) > 0 {
			timer.Reset(recheckEvery)
		}
	}
}

// look ends a follower whose token is not good any more.
func (s *Service) look(ctx context.Context, f *follower) {
	ctx, cancel := context.WithTimeout(ctx, recheckTimeout)
	defer cancel()
	switch end, err := s.ending(ctx, f); {
	case end != nil:
		f.end(end)
	case err == nil:
		f.sure.Store(s.now().UnixNano())
	case s.now().Sub(time.Unix(0, f.sure.Load())) > unsure:
		f.end(session.ErrRevoked)
	}
}

// ending tells why a token is not good any more, or not for what is needed; nil
// while it is.
func (s *Service) ending(ctx context.Context, f *follower) (end, err error) {
	if e := f.p.Expires; !e.IsZero() && !s.now().Before(e) {
		return session.ErrExpired, nil
	}
	r, err := s.store.Get(ctx, f.p.TokenID)
	if errors.Is(err, apitoken.ErrNotFound) {
		return session.ErrRevoked, nil
	}
	if err != nil {
		return nil, err
	}
	who, why, err := s.validate(ctx, r, f.p.from)
	switch {
	case err != nil:
		return nil, err
	case why != "":
		return session.ErrRevoked, nil
	}
	p, err := s.principal(ctx, r, who, f.p.from)
	if err != nil {
		return nil, err
	}
	for _, need := range f.needs {
		if !p.Scopes.May(need) {
			return session.ErrRevoked, nil
		}
	}
	// Who listens uses it, though no request comes.
	s.uses.note(r, s.now(), Origin{Addr: r.LastUsed.Addr, Agent: r.LastUsed.Agent})
	return nil, nil
}
