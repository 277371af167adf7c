package tokens

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
)

// shownToken is a token in /v1.
type shownToken struct {
	ID    string         `json:"id"`
	Kind  apitoken.Kind  `json:"kind"`
	Name  string         `json:"name"`
	Owner apitoken.Owner `json:"owner"`

	// Token is the secret, in the only response that contains it.
	Token string `json:"token,omitempty"`

	Profile  apitoken.Profile `json:"profile"`
	Scopes   []string         `json:"scopes"`
	State    apitoken.State   `json:"state"`
	Created  time.Time        `json:"created"`
	Issued   *time.Time       `json:"issued"`
	Expires  *time.Time       `json:"expires"` // null is never
	LastUsed *shownUse        `json:"last_used"`
	Remind   string           `json:"remind,omitempty"`
}

type shownUse struct {
	At      time.Time `json:"at"`
	Address string    `json:"address"`
	Agent   string    `json:"agent"`
}

// shownName is a token of which the caller may see no more than this.
type shownName struct {
	ID    string         `json:"id"`
	Kind  apitoken.Kind  `json:"kind"`
	Name  string         `json:"name"`
	Owner apitoken.Owner `json:"owner"`
}

func showToken(r apitoken.Record, secret string, now time.Time) any {
	if r.Created.IsZero() { // the caller may see nothing else
		return shownName{r.ID, r.Kind, r.Name, r.Owner}
	}
	t := shownToken{
		ID: r.ID, Kind: r.Kind, Name: r.Name, Owner: r.Owner, Token: secret, Profile: r.Profile, Scopes: r.Scopes,
		State: r.State(now), Created: shownTime(r.Created), Remind: r.Remind,
		Issued: optionalTime(r.Issued), Expires: optionalTime(r.Expires),
	}
	if u := r.LastUsed; !u.IsZero() {
		t.LastUsed = &shownUse{At: shownTime(u.At), Agent: u.Agent}
		if u.Addr.IsValid() {
			t.LastUsed.Address = u.Addr.String()
		}
	}
	return t
}

// shownTime returns a time for RFC 3339, to the second.
func shownTime(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = shownTime(t)
	return &t
}

// createToken answers POST /v1/tokens.
func (api *native) createToken(c *call) (answer, error) {
	var t issuer.NewToken
	var ttl string
	t.Profile = apitoken.ProfileNative
	err := decode(c.body, map[string]any{
		"name": &t.Name, "scopes": &t.Scopes, "ttl": &ttl, "remind": &t.Remind, "profile": &t.Profile,
		"eauth": &t.Owner.Eauth, "user": &t.Owner.User, "service_account": &t.Owner.ServiceAccount,
	})
	if err != nil {
		return answer{}, err
	}
	if t.Lifetime, err = issuer.ParseLifetime(ttl); err != nil {
		return answer{}, err
	}
	secret, r, err := api.Tokens.Create(c, c.caller, t)
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusCreated, showToken(r, secret.Reveal(), time.Now())}, nil
}

// regenerateToken answers POST /v1/tokens/{id}/regenerate.
func (api *native) regenerateToken(c *call) (answer, error) {
	secret, r, err := api.Tokens.Regenerate(c, c.caller, chi.URLParam(c.Request, "id"))
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, showToken(r, secret.Reveal(), time.Now())}, nil
}

// token answers GET /v1/tokens/{id}.
func (api *native) token(c *call) (answer, error) {
	r, err := api.Tokens.Get(c, c.caller, chi.URLParam(c.Request, "id"))
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, showToken(r, "", time.Now())}, nil
}

// revokeToken answers DELETE /v1/tokens/{id}.
func (api *native) revokeToken(c *call) (answer, error) {
	err := api.Tokens.Revoke(c, c.caller, chi.URLParam(c.Request, "id"))
	return answer{status: http.StatusNoContent}, err
}

// listTokens answers GET /v1/tokens: the caller's own, those of the user or service
// account in the query, or with all=true all of them.
func (api *native) listTokens(c *call) (answer, error) {
	var q issuer.Query
	for name, values := range c.URL.Query() {
		var err error
		switch value := values[0]; name {
		case "user":
			q.Owner.User = value
		case "eauth":
			q.Owner.Eauth = value
		case "service_account":
			q.Owner.ServiceAccount = value
		case "after":
			q.After = value
		case "all":
			q.Everyone, err = strconv.ParseBool(value)
		case "limit":
			q.Limit, err = strconv.Atoi(value)
		default:
			err = fmt.Errorf("there is no parameter %.80q", name)
		}
		if err != nil || len(values) > 1 {
			return answer{}, issuer.Errorf(issuer.Invalid, "%.80s", name)
		}
	}
	if (q.Owner.User == "") != (q.Owner.Eauth == "") {
		return answer{}, issuer.Errorf(issuer.Invalid, "a user is named by user and eauth")
	}
	found, next, err := api.Tokens.List(c, c.caller, q)
	if err != nil {
		return answer{}, err
	}
	page := struct {
		Tokens []any  `json:"tokens"`
		Next   string `json:"next,omitempty"`
	}{Tokens: make([]any, len(found)), Next: next}
	now := time.Now()
	for i, r := range found {
		page.Tokens[i] = showToken(r, "", now)
	}
	return answer{http.StatusOK, page}, nil
}
