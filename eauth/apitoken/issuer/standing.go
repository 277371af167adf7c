package issuer

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// Standing is what is kept of a caller so that the gateway can act for it later, such as
// by a schedule. There is no secret in it, and it gives no rights: [Service.Resume] finds
// out what the caller may do then.
type Standing struct {
	// Token is the id of the API token that the caller has presented, or that an
	// access token was issued for; it is empty for a login and for a service account.
	Token string `json:"token,omitempty"`

	// Owner is the user of a login, or the owner of the token.
	Owner apitoken.Owner `json:"owner"`

	// Scopes are those of the token that was presented. A login has none.
	Scopes []string `json:"scopes,omitempty"`

	Since time.Time  `json:"since"`
	From  netip.Addr `json:"from,omitzero"` // of the client: PAM may allow a user from some hosts only
}

// Standing returns what has to be kept of a caller so that the gateway can act for it
// later. For a caller with neither a login nor a token it is a [LoginRequired], and for
// a user for whom no token could act, an [Invalid].
func (s *Service) Standing(ctx context.Context, c Caller) (Standing, error) {
	st := Standing{Owner: c.owner(), Since: s.now().UTC(), From: c.From.Addr}
	switch p := c.Principal; {
	case c.Operator:
		return Standing{}, refuse(Forbidden)
	case p != nil:
		st.Scopes = p.ScopeNames
		if p.Owner.ServiceAccount == "" {
			st.Token = p.RefreshTokenID
		}
	case !c.LoggedIn:
		return Standing{}, refuse(LoginRequired)
	default:
		if err := s.noteLogin(ctx, c, st.Owner); err != nil {
			return Standing{}, err
		}
	}
	return st, s.mustAct(ctx, "user", st.Owner, c.From)
}

// Resume returns a principal for a caller of earlier, with what it may do now: of a token
// that is still valid, within the scopes that both the token has now and the caller had
// then; of a login whose user may still act, with the roles that the user has now. The
// error is an [InvalidGrant] where there is no such token, account or user any more.
func (s *Service) Resume(ctx context.Context, st Standing) (*Principal, error) {
	from := Origin{Addr: st.From}
	r := apitoken.Record{Kind: apitoken.KindAPI, Owner: st.Owner, Scopes: st.Scopes, Created: st.Since}
	switch {
	case st.Owner == (apitoken.Owner{}):
		return nil, refuse(InvalidGrant)
	case st.Token != "":
		kept, err := s.store.Get(ctx, st.Token)
		if errors.Is(err, apitoken.ErrNotFound) {
			return nil, refuse(InvalidGrant)
		}
		if err != nil {
			return nil, err
		}
		if kept.Owner != st.Owner || !kept.Kind.Lasting() || kept.Issued.After(st.Since) {
			return nil, refuse(InvalidGrant) // the last is for one that was regenerated, as its secret may have leaked
		}
		owner, why, err := s.validate(ctx, kept, from)
		if err != nil {
			return nil, err
		}
		if why != "" {
			return nil, refusal(why)
		}
		s.uses.note(kept, s.now(), from)
		kept.Scopes = within(kept.Scopes, st.Scopes)
		return s.principal(ctx, kept, owner, from)
	}
	owner, why, err := s.validateOwner(ctx, r, from)
	switch {
	case err != nil:
		return nil, err
	case why != "":
		return nil, refusal(why)
	case s.opts.RightsAtLogin != nil && s.opts.RightsAtLogin(owner.eauth):
		return nil, refuse(InvalidGrant)
	}
	p, err := s.principal(ctx, r, owner, from)
	if err != nil {
		return nil, err
	}
	if st.IsLogin() {
		has, err := s.rolesOf(ctx, owner.user, owner.eauth, owner.groups)
		if err != nil {
			return nil, err
		}
		p.ScopeNames, p.Scopes = has.names, p.rights
	}
	return p, nil
}

// IsLogin reports whether the caller had a login, and no token.
func (st Standing) IsLogin() bool { return st.Token == "" && st.Owner.ServiceAccount == "" }
