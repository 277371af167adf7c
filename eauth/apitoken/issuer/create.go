package issuer

import (
	"cmp"
	"context"
	"errors"
	"net/mail"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// Bounds of values that callers choose.
const (
	maxName   = 128 // bytes
	maxScopes = 32
	maxMail   = 254 // bytes, RFC 5321
)

// NewToken describes a token to create.
type NewToken struct {
	Name     string
	Scopes   []string // names of roles; with ProfileVCD, none stands for Superuser
	Lifetime Lifetime
	Profile  apitoken.Profile
	Remind   string // a mail address for reminders of its expiry
	Org      string // the organization of Cloud Director

	// Owner is the token's owner where that is not the caller: a service account,
	// or for the operator any owner.
	Owner apitoken.Owner
}

// Create creates an API token. The secret is not returned again.
func (s *Service) Create(ctx context.Context, c Caller, n NewToken) (apitoken.Secret, apitoken.Record, error) {
	r, err := s.prepare(ctx, c, n)
	if err != nil {
		return apitoken.Secret{}, apitoken.Record{}, err
	}
	secret := apitoken.NewSecret(apitoken.KindAPI)
	r.Issued = r.Created
	if err := s.keep(ctx, apitoken.Issue{Hash: s.pepper.Hash(secret), Record: r}); err != nil {
		return apitoken.Secret{}, apitoken.Record{}, err
	}
	s.notify(ctx, Event{What: Issued, By: c, Token: r})
	return secret, r, nil
}

// Register creates an API token without a secret, which
// [Service.IssueInitialSecret] issues later. Its id is the client_id of OAuth.
func (s *Service) Register(ctx context.Context, c Caller, n NewToken) (apitoken.Record, error) {
	r, err := s.prepare(ctx, c, n)
	if err != nil {
		return r, err
	}
	return r, s.keep(ctx, apitoken.Issue{Record: r})
}

// IssueInitialSecret issues the first secret of a token. A second call returns an
// [Conflict]. The secret is [Exchange.Refresh], and comes with an access token.
// The store creates both in one step: if the second failed alone, the secret would
// be lost.
func (s *Service) IssueInitialSecret(ctx context.Context, c Caller, id string, req Request) (*Exchange, error) {
	r, err := s.managed(ctx, c, id)
	if err != nil {
		return nil, err
	}
	owner, why, err := s.validateOwner(ctx, r, c.From)
	if err != nil {
		return nil, err
	}
	if why = cmp.Or(why, req.ineligibleReason(r)); why != "" {
		s.notify(ctx, Event{What: Refused, By: c, Token: r, Why: why})
		return nil, refusal(why)
	}
	x, access, err := s.access(r, owner, req)
	if err != nil {
		return nil, err
	}
	secret, r, err := s.renew(ctx, c, Issued, r,
		apitoken.Renewal{Expires: r.Expires, First: true, Next: []apitoken.Issue{access}})
	if err != nil {
		return nil, err
	}
	x.Token, x.Refresh = r, &secret
	s.uses.note(r, s.now(), req.From)
	s.notify(ctx, Event{What: Exchanged, By: c, Token: r, Others: []string{access.Record.ID}})
	return x, nil
}

// Regenerate replaces the secret of a token. Name, scopes and id stay, and its
// lifetime begins again. The former secret, and what it was exchanged for, are not
// valid any more.
func (s *Service) Regenerate(ctx context.Context, c Caller, id string) (apitoken.Secret, apitoken.Record, error) {
	r, err := s.managed(ctx, c, id)
	if err != nil {
		return apitoken.Secret{}, r, err
	}
	if r.Kind != apitoken.KindAPI {
		return apitoken.Secret{}, r, invalid("only an API token can be regenerated")
	}
	if _, why, err := s.actorOf(ctx, r.Owner, c.From); why != "" || err != nil {
		return apitoken.Secret{}, r, cmpErr(err, refuse(Forbidden))
	}
	life := Never()
	if !r.Expires.IsZero() {
		from := r.Issued
		if from.IsZero() {
			from = r.Created
		}
		life = For(r.Expires.Sub(from))
	}
	now := s.now()
	return s.renew(ctx, c, Regenerated, r, apitoken.Renewal{Expires: s.cut(now, life.end(now))})
}

func (s *Service) renew(
	ctx context.Context, c Caller, what string, r apitoken.Record, n apitoken.Renewal,
) (apitoken.Secret, apitoken.Record, error) {
	secret := apitoken.NewSecret(apitoken.KindAPI)
	n.Hash, n.At = s.pepper.Hash(secret), s.now()
	r, err := s.store.Renew(ctx, r.ID, n)
	if err != nil {
		return apitoken.Secret{}, r, ofStore(err)
	}
	s.endStreams(r.ID) // that were opened with the former secret
	s.notify(ctx, Event{What: what, By: c, Token: r})
	return secret, r, nil
}

func (s *Service) keep(ctx context.Context, i apitoken.Issue) error {
	err := s.store.Create(ctx, i)
	if errors.Is(err, apitoken.ErrConflict) {
		return Errorf(Conflict, "a token of this name")
	}
	return ofStore(err)
}

// prepare checks a new token and returns its record.
func (s *Service) prepare(ctx context.Context, c Caller, n NewToken) (apitoken.Record, error) {
	owner := n.Owner
	if owner == (apitoken.Owner{}) {
		owner = c.owner()
	}
	if err := s.mayIssue(ctx, c, owner); err != nil {
		return apitoken.Record{}, err
	}
	scopes, err := s.scopesFor(ctx, owner, n)
	if err != nil {
		return apitoken.Record{}, err
	}
	if err := s.noteLogin(ctx, c, owner); err != nil {
		return apitoken.Record{}, err
	}
	if err := s.mustAct(ctx, "owner", owner, c.From); err != nil {
		return apitoken.Record{}, err
	}
	if err := checkName(n.Name); err != nil {
		return apitoken.Record{}, err
	}
	if err := checkPrintable("user", owner.User); err != nil { // lists show it in terminals
		return apitoken.Record{}, err
	}
	if err := checkMail(n.Remind); err != nil {
		return apitoken.Record{}, err
	}
	now := s.now()
	expires, err := s.expires(n.Profile, now, n.Lifetime)
	if err != nil {
		return apitoken.Record{}, err
	}
	return apitoken.Record{
		ID: apitoken.NewID(), Kind: apitoken.KindAPI, Name: n.Name, Owner: owner, Profile: n.Profile,
		Scopes: scopes, Created: now, Expires: expires, Org: n.Org, Remind: n.Remind,
	}, nil
}

// noteLogin records the login of a caller that creates a token for itself.
func (s *Service) noteLogin(ctx context.Context, c Caller, owner apitoken.Owner) error {
	if !c.LoggedIn || c.Principal != nil || owner != c.owner() {
		return nil
	}
	return s.owners.seen(ctx, owner, c.Groups, always)
}

// scopesFor returns the scopes of a new token, checked. The scopes of a service
// account are their limit.
func (s *Service) scopesFor(ctx context.Context, owner apitoken.Owner, n NewToken) ([]string, error) {
	scopes := n.Scopes
	if owner.ServiceAccount != "" {
		a, err := s.account(ctx, owner.ServiceAccount)
		if err != nil {
			return nil, err
		}
		if len(scopes) == 0 {
			return a.Scopes, nil
		}
		if !covers(a.Scopes, scopes) {
			return nil, invalid("scopes: the service account does not have them all")
		}
	}
	if len(scopes) == 0 && n.Profile == apitoken.ProfileVCD {
		scopes = []string{superuser}
	}
	return s.checkScopes(ctx, scopes)
}

func (s *Service) checkScopes(ctx context.Context, scopes []string) ([]string, error) {
	switch {
	case len(scopes) == 0:
		return nil, invalid("scopes: at least one role is needed, such as %q", superuser)
	case len(scopes) > maxScopes:
		return nil, invalid("scopes: more than %d", maxScopes)
	}
	if err := s.known(ctx, scopes); err != nil {
		return nil, err
	}
	sorted := slices.Clone(scopes)
	slices.Sort(sorted)
	return slices.Compact(sorted), nil
}

// superuser is the role that restricts nothing.
const superuser = "Superuser"

// within returns the scopes that are in the limit. The role Superuser includes all
// others.
func within(scopes, limit []string) []string {
	switch {
	case slices.Contains(limit, superuser):
		return scopes
	case slices.Contains(scopes, superuser):
		return limit
	}
	var both []string
	for _, name := range scopes {
		if slices.Contains(limit, name) {
			both = append(both, name)
		}
	}
	return both
}

// covers reports whether all scopes are within the limit.
func covers(limit, scopes []string) bool {
	return slices.Contains(limit, superuser) ||
		!slices.ContainsFunc(scopes, func(name string) bool { return !slices.Contains(limit, name) })
}

func checkName(name string) error {
	switch {
	case name == "" || strings.TrimSpace(name) != name:
		return invalid("name: it is empty, or has spaces around it")
	case len(name) > maxName:
		return invalid("name: longer than %d bytes", maxName)
	}
	return checkPrintable("name", name)
}

func checkPrintable(what, text string) error {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return invalid("%s: it has characters that cannot be printed", what)
	}
	return nil
}

func checkMail(text string) error {
	if text == "" {
		return nil
	}
	a, err := mail.ParseAddress(text)
	if err != nil || a.Address != text || len(text) > maxMail {
		return invalid("remind: it is no mail address")
	}
	return checkPrintable("remind", text)
}

// cmpErr returns err, or otherwise where that is nil.
func cmpErr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}
