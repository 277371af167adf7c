package issuer

import (
	"context"
	"errors"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
)

// Query selects tokens to list.
type Query struct {
	// Owner selects the tokens of one owner. The zero Owner stands for the caller,
	// or for the operator for all owners. Everyone selects the tokens of all owners.
	Owner    apitoken.Owner
	Everyone bool

	After string
	Limit int
}

// Get returns a token, without its secret, which is not stored. Of another owner's
// token it returns only id, kind, name and owner, and those only to a caller that
// may manage the tokens of all.
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

// List returns a page of tokens, the oldest first, and the start of the next page,
// empty at the end. Tokens that were revoked or used up are left out.
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
		if errors.Is(err, NotFound) {
			continue
		}
		if err != nil {
			return nil, "", err
		}
		page = append(page, r)
	}
	return page, next, nil
}

// Revoke revokes a token and those that it was exchanged for. A token that has
// been revoked before is a [NotFound].
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

// end revokes a token. why is the reason, for the store and the audit log.
func (s *Service) end(ctx context.Context, c Caller, r apitoken.Record, why string) error {
	// A client that disconnects does not withdraw the revocation.
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

// mayTokens returns [Forbidden] for a caller without any right to tokens, so
// that the answer does not depend on whether a token exists. It is a [LoginRequired]
// for a caller with a token.
func (s *Service) mayTokens(ctx context.Context, c Caller) error {
	if c.Principal != nil {
		return refuse(LoginRequired) // whatever its scopes: these rights are all LoginOnly
	}
	return s.may(ctx, c, role.TokenManage, role.TokenManageAll, role.ServiceAccountWrite)
}

// lasting returns a token of a kind that is listed, and that was neither revoked
// nor used up.
func (s *Service) lasting(ctx context.Context, id string) (apitoken.Record, error) {
	if !apitoken.ValidID(id) {
		return apitoken.Record{}, refuse(NotFound)
	}
	r, err := s.store.Get(ctx, id)
	switch {
	case err != nil:
		return apitoken.Record{}, ofStore(err)
	case !r.Kind.Lasting(), !r.Revoked.IsZero(), !r.Used.IsZero():
		return apitoken.Record{}, refuse(NotFound)
	}
	return r, nil
}

// seenBy returns the part of a token that the caller may see.
func (s *Service) seenBy(ctx context.Context, c Caller, r apitoken.Record) (apitoken.Record, error) {
	err := s.mayManage(ctx, c, r.Owner)
	if err == nil || !errors.Is(err, Forbidden) {
		return r, err
	}
	err = s.may(ctx, c, role.TokenManageAll)
	if errors.Is(err, Forbidden) {
		return apitoken.Record{}, refuse(NotFound)
	}
	return apitoken.Record{ID: r.ID, Kind: r.Kind, Name: r.Name, Owner: r.Owner}, err
}

// managed returns a token for which the caller may get a new secret.
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
