package issuer

import (
	"context"
	"errors"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
)

// Check finds out who holds a secret: an access token, or an API token that is
// used directly. ok is false when it is not good, whatever the reason, but for
// [ErrIdle]. Another error is a [Throttled], or says that it cannot be told.
func (s *Service) Check(ctx context.Context, text string, from Origin) (p *Principal, ok bool, err error) {
	secret, err := apitoken.Parse(text)
	if err != nil {
		s.notify(ctx, Event{What: Refused, By: Caller{From: from}, Why: "malformed"})
		return nil, false, nil
	}
	r, who, err := s.verify(ctx, secret, from)
	if errors.Is(err, ErrGrant) && !errors.Is(err, ErrIdle) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	switch {
	case r.Kind == apitoken.KindAccess:
	case r.Kind == apitoken.KindAPI && !s.opts.NoDirectUse:
	default:
		s.notify(ctx, Event{What: Refused, By: Caller{From: from}, Token: r, Why: "kind"})
		return nil, false, nil
	}
	p, err = s.principal(ctx, r, who, from)
	if err != nil {
		return nil, false, err
	}
	s.uses.note(r, s.now(), from)
	return p, true, nil
}

// principal is who holds a good token.
func (s *Service) principal(ctx context.Context, r apitoken.Record, who actor, from Origin) (*Principal, error) {
	names := who.narrow(r.Scopes)
	set, err := s.roleSet(ctx, names)
	if err != nil {
		return nil, err
	}
	rights, err := s.rightsOf(ctx, who.user, who.eauth, who.groups)
	if err != nil {
		return nil, err
	}
	p := &Principal{
		TokenID: r.ID, RefreshTokenID: r.ID, Kind: r.Kind, Name: r.Name, Profile: r.Profile,
		Owner: r.Owner, User: who.user, Eauth: who.eauth, Groups: who.groups,
		ScopeNames: names, Scopes: set, Created: r.Created, Expires: r.Expires, rights: rights, from: from,
	}
	if r.Parent != "" {
		p.RefreshTokenID = r.Parent
	}
	return p, nil
}

// verify is lookUp for who may be guessing: what is not good counts against the
// client, who is not answered any more after too much of it.
func (s *Service) verify(ctx context.Context, secret apitoken.Secret, from Origin) (apitoken.Record, actor, error) {
	h := s.pepper.Hash(secret)
	if err := s.guard.allow(ctx, h, from); err != nil {
		if _, ok := errors.AsType[*Throttled](err); ok {
			s.notify(ctx, Event{What: Refused, By: Caller{From: from}, Why: "throttled"})
		}
		return apitoken.Record{}, actor{}, err
	}
	r, who, err := s.lookUp(ctx, h, from)
	if errors.Is(err, ErrGrant) && !errors.Is(err, ErrIdle) { // which only a secret that is right gets
		s.guard.bad(ctx, h, from)
	}
	return r, who, err
}

// lookUp looks a secret up and returns its token and who acts with it. Where it
// is not good the error is an [ErrGrant], with the token as far as there is one.
func (s *Service) lookUp(ctx context.Context, h apitoken.Hash, from Origin) (apitoken.Record, actor, error) {
	r, err := s.store.Lookup(ctx, h)
	if err != nil && !errors.Is(err, apitoken.ErrNotFound) {
		return r, actor{}, err
	}
	who, why, err := s.validate(ctx, r, from)
	if err != nil {
		return r, actor{}, err
	}
	if why != "" {
		s.guard.forget(h)
		s.notify(ctx, Event{What: Refused, By: Caller{From: from}, Token: r, Why: why})
		return r, actor{}, refusal(why)
	}
	s.guard.good(h, from)
	return r, who, nil
}

// validate tells who acts with a token, or why nobody does.
func (s *Service) validate(ctx context.Context, r apitoken.Record, from Origin) (who actor, why string, err error) {
	if r.ID == "" {
		return actor{}, "unknown", nil
	}
	if state := r.State(s.now()); state != apitoken.Live {
		return actor{}, string(state), nil
	}
	return s.validateOwner(ctx, r, from)
}

// validateOwner is judge for a token that is live, or has no secret yet.
func (s *Service) validateOwner(ctx context.Context, r apitoken.Record, from Origin) (who actor, why string, err error) {
	who, why, err = s.actorOf(ctx, r.Owner, from)
	if err == nil && why == "" && r.Created.Before(who.since) {
		why = whyOwner
	}
	if err != nil || why != "" {
		return actor{}, why, err
	}
	return who, "", nil
}

// refusal is the error for a secret that is not good.
func refusal(why string) error {
	if why == whyIdle {
		return ErrIdle
	}
	return ErrGrant
}

// Introspect returns what a secret is worth (RFC 7662): of tokens of one's own,
// and of all to who has the permission token-introspect. Others look as
// unknown ones do. A caller who is nobody is an [ErrLogin].
//
// Who has the permission shows what others have sent: it is not the caller who
// guesses, so nothing of it is throttled.
func (s *Service) Introspect(ctx context.Context, c Caller, text string) (Introspection, error) {
	if c.Principal == nil && !c.LoggedIn && !c.Operator {
		return Introspection{}, ErrLogin
	}
	secret, err := apitoken.Parse(text)
	if err != nil {
		return Introspection{}, nil
	}
	err = s.may(ctx, c, role.TokenIntrospect)
	all := err == nil
	if err != nil && !errors.Is(err, ErrForbidden) {
		return Introspection{}, err
	}
	var r apitoken.Record
	var who actor
	if all {
		r, who, err = s.lookUp(ctx, s.pepper.Hash(secret), c.From)
	} else {
		r, who, err = s.verify(ctx, secret, c.From)
	}
	if errors.Is(err, ErrGrant) {
		return Introspection{}, nil
	}
	if err != nil {
		return Introspection{}, err
	}
	if !all && r.Owner != c.owner() {
		return Introspection{}, nil
	}
	return Introspection{Active: true, Record: r, User: who.user, Scopes: who.narrow(r.Scopes)}, nil
}

// Details tells of a token to who holds it. ok is false when it is not good.
func (s *Service) Details(ctx context.Context, text string, from Origin) (r apitoken.Record, user string, ok bool, err error) {
	secret, err := apitoken.Parse(text)
	if err != nil {
		return apitoken.Record{}, "", false, nil
	}
	r, who, err := s.verify(ctx, secret, from)
	if errors.Is(err, ErrGrant) {
		return apitoken.Record{}, "", false, nil
	}
	if err != nil {
		return apitoken.Record{}, "", false, err
	}
	return r, who.user, true, nil
}

// RevokeSecret ends a token on the word of who holds it (RFC 7009), with all
// that it was exchanged for. One that is not good is no error.
func (s *Service) RevokeSecret(ctx context.Context, text string, from Origin) error {
	secret, err := apitoken.Parse(text)
	if err != nil {
		return nil
	}
	r, _, err := s.verify(ctx, secret, from)
	if err != nil && !errors.Is(err, ErrGrant) {
		return err
	}
	if r.ID == "" || !r.Revoked.IsZero() {
		return nil
	}
	err = s.end(ctx, Caller{From: from}, r, "revoked")
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
