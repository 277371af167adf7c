package vcd

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/server/oauth/tenant"
	"github.com/saltern-api/saltern/server/web"
)

// token is a token in Cloud Director's form: never with its secret.
type token struct {
	ID              string           `json:"id"`
	Name            string           `json:"name"`
	Token           *string          `json:"token"` // null
	Expires         *time.Time       `json:"expirationTimeUtc"`
	RequireRotation bool             `json:"requireRotation"`
	Owner           tenant.Reference `json:"owner"`
	Username        string           `json:"username"`
	UserID          string           `json:"userId"`
	OrgName         string           `json:"orgName"`
	Org             tenant.Reference `json:"org"`
	Type            string           `json:"type"`
}

func (api *API) shownToken(t apitoken.Record) token {
	owner := tenant.User(t.Owner.Eauth, t.Owner.User)
	if id := t.Owner.ServiceAccount; id != "" {
		owner = tenant.Reference{Name: id, ID: tenant.AccountURN + id}
	}
	o := api.Orgs.OrSystem(t.Org)
	v := token{
		ID: tenant.TokenURN + t.ID, Name: t.Name, RequireRotation: t.OneTime, Owner: owner,
		Username: owner.Name, UserID: owner.ID, OrgName: o.Name, Org: o.Reference(), Type: "REFRESH",
	}
	if !t.Expires.IsZero() {
		v.Expires = &t.Expires
	}
	return v
}

// tokenFields are the fields that a filter may use.
var tokenFields = []string{"id", "name", "type", "owner.name", "owner.id", "username", "userId", "orgName"}

func (t *token) field(name string) string {
	switch name {
	case "id":
		return t.ID
	case "name":
		return t.Name
	case "type":
		return t.Type
	case "owner.name", "username":
		return t.Owner.Name
	case "owner.id", "userId":
		return t.Owner.ID
	case "orgName":
		return t.OrgName
	}
	return ""
}

// listTokens answers GET .../tokens: with all tokens if the caller may see
// them, or else with the caller's own.
func (api *API) listTokens(x *web.Exchange, r *http.Request) error {
	by, err := api.Callers.OfHeader(x, r)
	if err != nil {
		return err
	}
	f, err := filterOf(r, tokenFields...)
	if err != nil {
		return err
	}
	records, err := api.tokensFor(r.Context(), by.Issuer(), true)
	if errors.Is(err, issuer.Forbidden) {
		records, err = api.tokensFor(r.Context(), by.Issuer(), false)
	}
	if err != nil {
		return err
	}
	shown := []token{}
	for _, record := range records {
		if t := api.shownToken(record); record.Kind == apitoken.KindAPI && f.Match(t.field) {
			shown = append(shown, t)
		}
	}
	p, err := pageOf(r, shown)
	if err != nil {
		return err
	}
	x.WriteBody("application/json", http.StatusOK, web.JSON(p))
	return nil
}

// maxListed bounds the tokens read for one page.
const maxListed = 100_000

func (api *API) tokensFor(ctx context.Context, by issuer.Caller, everyone bool) ([]apitoken.Record, error) {
	var all []apitoken.Record
	q := issuer.Query{Everyone: everyone, Limit: 1000}
	for {
		records, next, err := api.Issuer.List(ctx, by, q)
		if err != nil {
			return nil, err
		}
		all = append(all, records...)
		if next == "" || len(all) >= maxListed {
			return all, nil
		}
		q.After = next
	}
}

// oneToken answers GET .../tokens/{urn}.
func (api *API) oneToken(x *web.Exchange, r *http.Request) error {
	by, err := api.Callers.OfHeader(x, r)
	if err != nil {
		return err
	}
	id, err := pathID(r, tenant.TokenURN)
	if err != nil {
		return err
	}
	record, err := api.Issuer.Get(r.Context(), by.Issuer(), id)
	if err != nil {
		return asForbidden(err)
	}
	x.WriteBody("application/json", http.StatusOK, web.JSON(api.shownToken(record)))
	return nil
}

// deleteToken answers DELETE .../tokens/{urn}.
func (api *API) deleteToken(x *web.Exchange, r *http.Request) error {
	by, err := api.Callers.OfHeader(x, r)
	if err != nil {
		return err
	}
	id, err := pathID(r, tenant.TokenURN)
	if err != nil {
		return err
	}
	if err := api.Issuer.Revoke(r.Context(), by.Issuer(), id); err != nil {
		return asForbidden(err)
	}
	x.WriteHeader(http.StatusNoContent)
	return nil
}

// pathID returns the id in a path that ends with a URN, or with the id alone.
func pathID(r *http.Request, urn string) (string, error) {
	id := strings.TrimPrefix(chi.URLParam(r, "urn"), urn)
	if !apitoken.ValidID(id) {
		return "", forbiddenOrAbsent(nil)
	}
	return id, nil
}
