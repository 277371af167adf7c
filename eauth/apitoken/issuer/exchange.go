package issuer

import (
	"context"
	"errors"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// Request is a request to exchange a token.
type Request struct {
	Profile apitoken.Profile
	From    Origin
	Scopes  []string // some of the token's scopes; none stands for all of them

	// Org is the tenant whose endpoint received the request. A token of another
	// tenant is refused there; a token without a tenant is not.
	Org string
}

// Exchange is the result of an exchange.
type Exchange struct {
	Access   apitoken.Secret
	Record   apitoken.Record // of Access
	Lifetime time.Duration   // of Access, in whole seconds

	// Token is the token that was presented: an API token, or a refresh token
	// that is now used up.
	Token apitoken.Record

	// Refresh is the next refresh token of a service account, or the secret that
	// [Service.IssueInitialSecret] issued; it is not returned again. It is nil where
	// an API token was presented, since that can be used again.
	Refresh *apitoken.Secret

	User string // that the token acts as
}

// Exchange issues an access token for an API token or for the refresh token of a
// service account. A refresh token is used up by that, and replaced by the next one.
// The errors are [InvalidGrant], [InvalidScope], a [Throttled], and those of the store.
func (s *Service) Exchange(ctx context.Context, text string, req Request) (*Exchange, error) {
	secret, err := apitoken.Parse(text)
	if err != nil {
		s.notify(ctx, Event{What: Refused, By: Caller{From: req.From}, Why: "malformed"})
		return nil, refuse(InvalidGrant)
	}
	r, owner, err := s.verify(ctx, secret, req.From)
	if errors.Is(err, InvalidGrant) && r.Kind == apitoken.KindRefresh && r.State(s.now()) == apitoken.UsedUp {
		s.reused(ctx, secret, r, req.From)
	}
	if err != nil {
		return nil, err
	}
	if why := req.ineligibleReason(r); why != "" {
		s.notify(ctx, Event{What: Refused, By: Caller{From: req.From}, Token: r, Why: why})
		return nil, refuse(InvalidGrant)
	}
	if req.Scopes, err = s.askedScopes(ctx, req.Scopes); err != nil {
		return nil, s.notGiven(ctx, r, req, err)
	}
	x, access, err := s.access(r, owner, req)
	if err != nil {
		return nil, s.notGiven(ctx, r, req, err)
	}
	if r.Kind == apitoken.KindAPI {
		err = s.give(ctx, secret, access)
	} else {
		err = s.rotate(ctx, secret, r, access, x, req.From)
	}
	if err != nil {
		return nil, s.notGiven(ctx, r, req, err)
	}
	s.guard.good(access.Hash, req.From) // so that failures of others at this address do not block it
	s.uses.note(r, s.now(), req.From)
	s.notify(ctx, Event{What: Exchanged, By: Caller{From: req.From}, Token: r, Others: []string{access.Record.ID}})
	return x, nil
}

// askedScopes returns the requested scopes, checked. One that is no role is an
// [InvalidScope], as is one that the token lacks.
func (s *Service) askedScopes(ctx context.Context, scopes []string) ([]string, error) {
	if len(scopes) == 0 {
		return nil, nil
	}
	scopes, err := s.checkScopes(ctx, scopes)
	if errors.Is(err, Invalid) {
		return nil, refuse(InvalidScope)
	}
	return scopes, err
}

// give stores the access token that an API token is exchanged for. The store
// creates none for a revoked token. Where the token got another secret since its
// look-up, give fails too: otherwise a leaked secret would still work after the
// token was regenerated. A later regeneration revokes the access token.
func (s *Service) give(ctx context.Context, secret apitoken.Secret, access apitoken.Issue) error {
	if err := s.store.Create(ctx, access); err != nil {
		return err
	}
	_, err := s.store.Lookup(ctx, s.pepper.Hash(secret))
	return err
}

// ineligibleReason returns why a valid token cannot be exchanged by this request;
// empty if it can.
func (req Request) ineligibleReason(r apitoken.Record) string {
	switch {
	case !r.Kind.Lasting():
		return "kind"
	case req.Org != "" && r.Org != "" && req.Org != r.Org:
		return "org"
	}
	return ""
}

// rotate consumes a refresh token. The parent of the access token is the next
// refresh token, so that a use of the one counts for the other.
func (s *Service) rotate(
	ctx context.Context, secret apitoken.Secret, r apitoken.Record, access apitoken.Issue, x *Exchange, from Origin,
) error {
	next := apitoken.NewSecret(apitoken.KindRefresh)
	refresh := s.refresh(next, r)
	access.Record.Parent = refresh.Record.ID
	_, err := s.store.Consume(ctx, s.pepper.Hash(secret), s.now(), refresh, access)
	if errors.Is(err, apitoken.ErrReused) {
		s.notify(ctx, Event{What: Reused, By: Caller{From: from}, Token: r, Why: apitoken.WhyReused})
	}
	x.Refresh, x.Record = &next, access.Record
	return err
}

// reused revokes the family of a refresh token that was used before: one of the
// clients that presented it has stolen it.
func (s *Service) reused(ctx context.Context, secret apitoken.Secret, r apitoken.Record, from Origin) {
	_, err := s.store.Consume(context.WithoutCancel(ctx), s.pepper.Hash(secret), s.now())
	if errors.Is(err, apitoken.ErrReused) {
		s.notify(ctx, Event{What: Reused, By: Caller{From: from}, Token: r, Why: apitoken.WhyReused})
	}
}

// refresh returns the refresh token that replaces r.
func (s *Service) refresh(secret apitoken.Secret, r apitoken.Record) apitoken.Issue {
	now := s.now()
	return apitoken.Issue{Hash: s.pepper.Hash(secret), Record: apitoken.Record{
		ID: apitoken.NewID(), Kind: apitoken.KindRefresh, Name: r.Name, Owner: r.Owner, Profile: r.Profile, Scopes: r.Scopes,
		Created: now, Issued: now, Expires: s.cut(now, time.Time{}),
		OneTime: true, Family: r.Family, ClientID: r.ClientID, SoftwareID: r.SoftwareID, Org: r.Org,
	}}
}

// access returns the access token that r is exchanged for.
func (s *Service) access(r apitoken.Record, owner actor, req Request) (*Exchange, apitoken.Issue, error) {
	scopes := owner.narrow(r.Scopes)
	if len(req.Scopes) > 0 {
		if !covers(scopes, req.Scopes) {
			return nil, apitoken.Issue{}, refuse(InvalidScope)
		}
		scopes = req.Scopes
	}
	now := s.now()
	expires := now.Add(s.accessLifetime(req.Profile))
	if !r.Expires.IsZero() && r.Expires.Before(expires) {
		expires = r.Expires
	}
	life := expires.Sub(now).Truncate(time.Second)
	if life <= 0 {
		return nil, apitoken.Issue{}, refuse(InvalidGrant)
	}
	secret := apitoken.NewSecret(apitoken.KindAccess)
	record := apitoken.Record{
		ID: apitoken.NewID(), Kind: apitoken.KindAccess, Owner: r.Owner, Profile: req.Profile, Origin: r.Profile, Scopes: scopes,
		Created: now, Issued: now, Expires: expires, Parent: r.ID, Org: r.Org,
	}
	x := &Exchange{Access: secret, Record: record, Lifetime: life, Token: r, User: owner.user}
	return x, apitoken.Issue{Hash: s.pepper.Hash(secret), Record: record}, nil
}

// accessLifetimes are the default lifetimes of access tokens.
var accessLifetimes = map[apitoken.Profile]time.Duration{
	apitoken.ProfileNative: time.Hour,
	apitoken.ProfileCSP:    1799 * time.Second,
	apitoken.ProfileVCD:    30 * day,
}

func (s *Service) accessLifetime(profile apitoken.Profile) time.Duration {
	if life := s.opts.AccessLifetimes[profile]; life > 0 {
		return life
	}
	if life := accessLifetimes[profile]; life > 0 {
		return life
	}
	return time.Hour
}

// notGiven returns the error of an exchange that failed although the token was
// valid: too many scopes were requested, or the token was revoked meanwhile. It
// reports the refusal as an [Event], except for a reused token, where that is done.
func (s *Service) notGiven(ctx context.Context, r apitoken.Record, req Request, err error) error {
	why, given := "", refuse(InvalidGrant)
	switch {
	case errors.Is(err, apitoken.ErrReused):
		return refuse(InvalidGrant)
	case errors.Is(err, InvalidScope):
		why, given = "scope", err
	case errors.Is(err, apitoken.ErrNotFound):
		why = "unknown"
	case errors.Is(err, apitoken.ErrRevoked):
		why = string(apitoken.Revoked)
	case errors.Is(err, apitoken.ErrExpired), errors.Is(err, InvalidGrant):
		why = string(apitoken.Expired)
	default:
		return err
	}
	s.notify(ctx, Event{What: Refused, By: Caller{From: req.From}, Token: r, Why: why})
	return given
}
