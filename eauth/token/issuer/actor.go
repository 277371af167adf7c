package issuer

import (
	"context"
	"errors"
	"time"

	"saltern/eauth/token/apitoken"
)

// actor is the user who acts with a token.
type actor struct {
	user, eauth string
	groups      []string

	// Of a service account: the most that its tokens may do, and when it was
	// last revoked.
	account bool
	limit   []string
	since   time.Time
}

// narrow are the scopes that a token has now.
func (a actor) narrow(scopes []string) []string {
	if !a.account {
		return scopes
	}
	return within(scopes, a.limit)
}

// actorOf finds who acts for an owner. ok is false when nobody does any more.
func (s *Service) actorOf(ctx context.Context, o apitoken.Owner) (who actor, ok bool, err error) {
	if o.ServiceAccount != "" {
		a, err := s.account(ctx, o.ServiceAccount)
		if errors.Is(err, ErrNotFound) {
			return actor{}, false, nil
		}
		if err != nil {
			return actor{}, false, err
		}
		who = actor{account: true, limit: a.Scopes, since: a.Revoked}
		o = apitoken.Owner{Eauth: a.Eauth, User: a.User}
	}
	who.user, who.eauth = o.User, o.Eauth
	ok, who.groups, err = s.owners.active(ctx, o)
	return who, ok, err
}

func (s *Service) canAct(ctx context.Context, o apitoken.Owner) (bool, error) {
	_, ok, err := s.actorOf(ctx, o)
	return ok, err
}
