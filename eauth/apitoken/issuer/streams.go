package issuer

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/internal/expiry"
)

const (
	// recheckInterval is how often the tokens of streams are looked up without a
	// notice of the store: their owners may not be allowed to act any more.
	recheckInterval = 5 * time.Second
	recheckTimeout  = 10 * time.Second // of one token

	// maxUnconfirmed is how long a stream stays open while its token cannot be
	// looked up.
	maxUnconfirmed = 30 * time.Second
)

// Follow returns a context that ends with a token: with the cause
// [session.ErrExpired] when it expires, and with [session.ErrRevoked] within a
// second after it was revoked, and some seconds after its owner may not act any more
// or its scopes have lost one of the permissions in needs. Those are the permissions
// that opening the stream requires, see [role.Set.MayReach]. The returned function
// must be called.
func (s *Service) Follow(
	ctx context.Context, p *Principal, needs ...role.Permission,
) (context.Context, context.CancelFunc) {
	f := &followed{p: p, needs: needs}
	f.confirmed.Store(s.now().UnixNano())
	ctx, entry, stop := s.streams.Follow(ctx, f, p.Expires, session.ErrExpired, p.TokenID, p.RefreshTokenID)
	// The token may have ended between its check and now.
	s.checkStream(ctx, entry)
	return ctx, stop
}

// followed is the token that a context ends with.
type followed struct {
	p         *Principal
	needs     []role.Permission
	confirmed atomic.Int64 // the Unix time, in ns, when the token was last found valid
}

type (
	streams = expiry.Registry[string, *followed] // by the ids of tokens
	stream  = expiry.Entry[string, *followed]
)

func (s *Service) newStreams() *streams {
	return expiry.New(expiry.Options[string, *followed]{
		Interval: recheckInterval,
		Check: func(ctx context.Context, open []*stream) {
			for _, e := range open {
				s.checkStream(ctx, e)
			}
		},
	})
}

// endStreams ends the streams of tokens that were revoked or given another secret.
func (s *Service) endStreams(ids ...string) { s.streams.End(session.ErrRevoked, ids...) }

// watch ends streams on notices of the store, also those of other gateways.
func (s *Service) watch(ctx context.Context) {
	for n := range s.store.Watch(ctx) {
		s.endStreams(n.Revoked...)
		if n.Documents || n.Recheck {
			s.rolesChanged()
			s.streams.Recheck()
		}
	}
}

// checkStream ends a stream whose token is not valid any more.
func (s *Service) checkStream(ctx context.Context, e *stream) {
	ctx, cancel := context.WithTimeout(ctx, recheckTimeout)
	defer cancel()
	f := e.Value
	switch cause, err := s.endCause(ctx, f); {
	case cause != nil:
		e.End(cause)
	case err == nil:
		f.confirmed.Store(s.now().UnixNano())
	case s.now().Sub(time.Unix(0, f.confirmed.Load())) > maxUnconfirmed:
		e.End(session.ErrRevoked)
	}
}

// endCause returns why a token is not valid any more, or lacks a needed permission;
// nil while it is valid and has them.
func (s *Service) endCause(ctx context.Context, f *followed) (cause, err error) {
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
	owner, why, err := s.validate(ctx, r, f.p.from)
	switch {
	case err != nil:
		return nil, err
	case why != "":
		return session.ErrRevoked, nil
	}
	p, err := s.principal(ctx, r, owner, f.p.from)
	if err != nil {
		return nil, err
	}
	for _, need := range f.needs {
		if !p.Scopes.May(need) {
			return session.ErrRevoked, nil
		}
	}
	// An open stream is a use, even without requests.
	s.uses.note(r, s.now(), Origin{Addr: r.LastUsed.Addr, Agent: r.LastUsed.Agent})
	return nil, nil
}
