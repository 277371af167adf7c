package issuer

import (
	"context"
	"errors"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
)

// Get returns a token, without its secret, which nobody has any more. Of a
// token of somebody else's only the name is told, and that only to who may
// manage everybody's.
func (s *Service) Get(ctx context.Context, c Caller, id string) (apitoken.Record, error) {
	if err := s.mayTokens(ctx, c); err != nil {
		return apitoken.Record{}, err
	}
	r, err := s.lasting(ctx, id)
	if err != nil {
		return r, err
	}
	return s.seenBy(ctx, c, r)
}

// List returns a page of tokens, the oldest first, and where to go on: empty
// at the end. Those that were revoked or used up are not there.
func (s *Service) List(ctx context.Context, c Caller, q Query) (page []apitoken.Record, next string, err error) {
	if err := s.mayTokens(ctx, c); err != nil {
		return nil, "", err
	}
	query := apitoken.Query{Owner: &q.Owner, After: q.After, Limit: q.Limit}
	switch {
	case q.Everyone, c.Operator && q.Owner == (apitoken.Owner{}):
		query.Owner = nil
	case q.Owner == (apitoken.Owner{}):
		q.Owner = c.owner()
	}
	if query.Owner == nil || s.mayManage(ctx, c, q.Owner) != nil {
		if err := s.may(ctx, c, role.TokenManageAll); err != nil {
			return nil, "", err
		}
	}
	found, next, err := s.store.List(ctx, query)
	if err != nil {
		return nil, "", ofStore(err)
	}
	for _, r := range found {
		r, err := s.seenBy(ctx, c, r)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, "", err
		}
		page = append(page, r)
	}
	return page, next, nil
}

// Revoke ends a token, and what it was exchanged for. One that is gone already
// is an [ErrNotFound].
func (s *Service) Revoke(ctx context.Context, c Caller, id string) error {
	if err := s.mayTokens(ctx, c); err != nil {
		return err
	}
	r, err := s.lasting(ctx, id)
	if err != nil {
		return err
	}
	if _, err := s.seenBy(ctx, c, r); err != nil {
		return err
	}
	return s.end(ctx, c, r, "revoked")
}

// end revokes a token for one reason or another.
func (s *Service) end(ctx context.Context, c Caller, r apitoken.Record, why string) error {
	// Whoever hangs up meant it.
	ids, err := s.store.Revoke(context.WithoutCancel(ctx), r.ID, apitoken.Revocation{At: s.now(), Why: why})
	if err != nil {
		return ofStore(err)
	}
	s.endStreams(ids...)
	if len(ids) > 0 {
		s.notify(ctx, Event{What: Revoked, By: c, Token: r, Others: ids, Why: why})
	}
	return nil
}

// mayTokens returns [ErrForbidden] for who may do nothing with tokens at all,
// so that it is the same for a token that is there and for one that is not. It
// is an [ErrLogin] for who came by a token.
func (s *Service) mayTokens(ctx context.Context, c Caller) error {
	if c.Principal != nil {
		return ErrLogin // whatever its scopes: none of these rights comes by a token
	}
	return s.may(ctx, c, role.TokenManage, role.TokenManageAll, role.ServiceAccountWrite)
}

// lasting finds a token of a kind that is listed, and that has not ended for
// good.
func (s *Service) lasting(ctx context.Context, id string) (apitoken.Record, error) {
	if !apitoken.ValidID(id) {
		return apitoken.Record{}, ErrNotFound
	}
	r, err := s.store.Get(ctx, id)
	switch {
	case err != nil:
		return apitoken.Record{}, ofStore(err)
	case !r.Kind.Lasting(), !r.Revoked.IsZero(), !r.Used.IsZero():
		return apitoken.Record{}, ErrNotFound
	}
	return r, nil
}

// seenBy is as much of a token as the caller may see.
func (s *Service) seenBy(ctx context.Context, c Caller, r apitoken.Record) (apitoken.Record, error) {
	err := s.mayManage(ctx, c, r.Owner)
	if err == nil || !errors.Is(err, ErrForbidden) {
		return r, err
	}
	err = s.may(ctx, c, role.TokenManageAll)
	if errors.Is(err, ErrForbidden) {
		return apitoken.Record{}, ErrNotFound
	}
	return apitoken.Record{ID: r.ID, Kind: r.Kind, Name: r.Name, Owner: r.Owner}, err
}

// managed finds a token of which the caller may be given the secret.
func (s *Service) managed(ctx context.Context, c Caller, id string) (apitoken.Record, error) {
	if err := s.mayTokens(ctx, c); err != nil {
		return apitoken.Record{}, err
	}
	r, err := s.lasting(ctx, id)
	if err != nil {
		return r, err
	}
	if _, err := s.seenBy(ctx, c, r); err != nil {
		return apitoken.Record{}, err
	}
	return r, s.mayIssue(ctx, c, r.Owner)
}
