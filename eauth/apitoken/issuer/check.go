package issuer

import (
	"context"
	"errors"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
)

// Check returns the principal of a secret: of an access token, or of an API token
// that is used directly. ok is false where it is not valid, for whatever reason
// except [OwnerIdle], which is an error. Other errors are a [Throttled] and those of
// the look-up, which leave open whether the secret is valid.
func (s *Service) Check(ctx context.Context, text string, from Origin) (p *Principal, ok bool, err error) {
	secret, err := apitoken.Parse(text)
	if err != nil {
		s.notify(ctx, Event{What: Refused, By: Caller{From: from}, Why: "malformed"})
		return nil, false, nil
	}
	r, owner, err := s.verify(ctx, secret, from)
	if errors.Is(err, InvalidGrant) && !errors.Is(err, OwnerIdle) {
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
	p, err = s.principal(ctx, r, owner, from)
	if err != nil {
		return nil, false, err
	}
	s.uses.note(r, s.now(), from)
	return p, true, nil
}

// principal returns the principal of a valid token.
func (s *Service) principal(ctx context.Context, r apitoken.Record, owner actor, from Origin) (*Principal, error) {
	names := owner.narrow(r.Scopes)
	set, err := s.roleSet(ctx, names, mayEdit(r))
	if err != nil {
		return nil, err
	}
	rights, err := s.rightsOf(ctx, owner.user, owner.eauth, owner.groups)
	if err != nil {
		return nil, err
	}
	p := &Principal{
		TokenID: r.ID, RefreshTokenID: r.ID, Kind: r.Kind, Name: r.Name, Profile: r.Profile,
		Owner: r.Owner, User: owner.user, Eauth: owner.eauth, Groups: owner.groups,
		ScopeNames: names, Scopes: set, Created: r.Created, Expires: r.Expires, rights: rights, from: from,
	}
	if r.Parent != "" {
		p.RefreshTokenID = r.Parent
	}
	return p, nil
}

// mayEdit reports whether a token may change users and roles as far as its scopes
// allow it. One of Cloud Director's never may: neither one that was made there, nor
// what another was exchanged for there.
func mayEdit(r apitoken.Record) bool {
	edits := func(p apitoken.Profile) bool { return p == apitoken.ProfileNative || p == apitoken.ProfileCSP }
	return edits(r.Profile) && (r.Kind == apitoken.KindAPI || edits(r.Origin))
}

// verify is lookUp for secrets that may be guesses: invalid ones count as failures
// of the client, which is throttled after too many.
func (s *Service) verify(ctx context.Context, secret apitoken.Secret, from Origin) (apitoken.Record, actor, error) {
	h := s.pepper.Hash(secret)
	if err := s.guard.allow(ctx, h, from); err != nil {
		if errors.Is(err, Throttled) {
			s.notify(ctx, Event{What: Refused, By: Caller{From: from}, Why: "throttled"})
		}
		return apitoken.Record{}, actor{}, err
	}
	r, owner, err := s.lookUp(ctx, h, from)
	if errors.Is(err, InvalidGrant) && !errors.Is(err, OwnerIdle) { // OwnerIdle: the secret itself is right
		s.guard.bad(ctx, h, from)
	}
	return r, owner, err
}

// lookUp returns the token of a secret and the user that it acts as. Where it is
// not valid the error is an [InvalidGrant], and the token is returned if there is one.
func (s *Service) lookUp(ctx context.Context, h apitoken.Hash, from Origin) (apitoken.Record, actor, error) {
	r, err := s.store.Lookup(ctx, h)
	if err != nil && !errors.Is(err, apitoken.ErrNotFound) {
		return r, actor{}, err
	}
	owner, why, err := s.validate(ctx, r, from)
	if err != nil {
		return r, actor{}, err
	}
	if why != "" {
		s.guard.forget(h)
		s.notify(ctx, Event{What: Refused, By: Caller{From: from}, Token: r, Why: why})
		return r, actor{}, refusal(why)
	}
	s.guard.good(h, from)
	return r, owner, nil
}

// validate returns the user that a token acts as, or why it is not valid.
func (s *Service) validate(ctx context.Context, r apitoken.Record, from Origin) (owner actor, why string, err error) {
	if r.ID == "" {
		return actor{}, "unknown", nil
	}
	if state := r.State(s.now()); state != apitoken.Live {
		return actor{}, string(state), nil
	}
	return s.validateOwner(ctx, r, from)
}

// validateOwner is validate for a token that is live, or has no secret yet.
func (s *Service) validateOwner(ctx context.Context, r apitoken.Record, from Origin) (owner actor, why string, err error) {
	owner, why, err = s.actorOf(ctx, r.Owner, from)
	if err == nil && why == "" && r.Created.Before(owner.since) {
		why = whyOwner
	}
	if err != nil || why != "" {
		return actor{}, why, err
	}
	return owner, "", nil
}

// refusal returns the error for a secret that is not valid.
func refusal(why string) error {
	if why == whyIdle {
		return refuse(OwnerIdle)
	}
	return refuse(InvalidGrant)
}

// Introspection is the result of a token introspection (RFC 7662).
type Introspection struct {
	Active bool // the other fields are set only if it is true
	Record apitoken.Record
	User   string
	Scopes []string
}

// Introspect returns the state of a secret (RFC 7662): for the caller's own tokens,
// and with the permission token-introspect for all. Other tokens look like unknown
// ones. A caller with neither a login nor a token gets a [LoginRequired].
//
// A caller with the permission presents secrets that others have sent to it. Wrong
// ones are not the caller's guesses, so they are not throttled.
func (s *Service) Introspect(ctx context.Context, c Caller, text string) (Introspection, error) {
	if c.Principal == nil && !c.LoggedIn && !c.Operator {
		return Introspection{}, refuse(LoginRequired)
	}
	secret, err := apitoken.Parse(text)
	if err != nil {
		return Introspection{}, nil
	}
	err = s.may(ctx, c, role.TokenIntrospect)
	all := err == nil
	if err != nil && !errors.Is(err, Forbidden) {
		return Introspection{}, err
	}
	var r apitoken.Record
	var owner actor
	if all {
		r, owner, err = s.lookUp(ctx, s.pepper.Hash(secret), c.From)
	} else {
		r, owner, err = s.verify(ctx, secret, c.From)
	}
	if errors.Is(err, InvalidGrant) {
		return Introspection{}, nil
	}
	if err != nil {
		return Introspection{}, err
	}
	if !all && r.Owner != c.owner() {
		return Introspection{}, nil
	}
	return Introspection{Active: true, Record: r, User: owner.user, Scopes: owner.narrow(r.Scopes)}, nil
}

// Details returns the token of a secret, for its holder, and the user that it acts
// as. ok is false where it is not valid.
func (s *Service) Details(ctx context.Context, text string, from Origin) (r apitoken.Record, user string, ok bool, err error) {
	secret, err := apitoken.Parse(text)
	if err != nil {
		return apitoken.Record{}, "", false, nil
	}
	r, owner, err := s.verify(ctx, secret, from)
	if errors.Is(err, InvalidGrant) {
		return apitoken.Record{}, "", false, nil
	}
	if err != nil {
		return apitoken.Record{}, "", false, err
	}
	return r, owner.user, true, nil
}

// RevokeSecret revokes the token of a secret for its holder (RFC 7009), with all
// that it was exchanged for. An invalid secret is no error.
func (s *Service) RevokeSecret(ctx context.Context, text string, from Origin) error {
	secret, err := apitoken.Parse(text)
	if err != nil {
		return nil
	}
	r, _, err := s.verify(ctx, secret, from)
	if err != nil && !errors.Is(err, InvalidGrant) {
		return err
	}
	if r.ID == "" || !r.Revoked.IsZero() {
		return nil
	}
	err = s.end(ctx, Caller{From: from}, r, "revoked")
	if errors.Is(err, NotFound) {
		return nil
	}
	return err
}
