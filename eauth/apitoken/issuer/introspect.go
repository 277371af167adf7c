package issuer

import (
	"context"
	"errors"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
)

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
