package issuer

import (
	"context"
	"errors"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// actor is the user that a token acts as.
type actor struct {
	user, eauth string
	groups      []string

	// For a service account: the most scopes that its tokens can have, and when
	// they were last revoked.
	account bool
	limit   []string
	since   time.Time
}

// narrow returns the scopes that a token has now.
func (a actor) narrow(scopes []string) []string {
	if !a.account {
		return scopes
	}
	return within(scopes, a.limit)
}

// actorOf returns the user that the tokens of an owner act as, or why they may
// not act any more.
func (s *Service) actorOf(ctx context.Context, o apitoken.Owner, from Origin) (who actor, why string, err error) {
	if o.ServiceAccount != "" {
		a, err := s.account(ctx, o.ServiceAccount)
		if errors.Is(err, NotFound) {
			return actor{}, whyOwner, nil
		}
		if err != nil {
			return actor{}, "", err
		}
		who = actor{account: true, limit: a.Scopes, since: a.Revoked}
		o = apitoken.Owner{Eauth: a.Eauth, User: a.User}
	}
	who.user, who.eauth = o.User, o.Eauth
	who.groups, why, err = s.owners.active(ctx, o, from.Addr)
	return who, why, err
}

// mustAct returns an [Invalid] where no token can act for an owner.
func (s *Service) mustAct(ctx context.Context, field string, o apitoken.Owner, from Origin) error {
	who, why, err := s.actorOf(ctx, o, from)
	switch {
	case err != nil:
		return err
	case s.opts.RightsAtLogin != nil && s.opts.RightsAtLogin(who.eauth):
		return invalid("%s: what users of eauth %s may do is what the master's eauth module says at each login "+
			"(keep_acl_in_token), so no token can act for them", field, who.eauth)
	case why == whyIdle:
		return invalid("%s: has not logged in for too long, and has to do so first", field)
	case why != "":
		return invalid("%s: there is no such user, or one who may not do anything", field)
	}
	return nil
}
