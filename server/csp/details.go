package csp

import (
	"net/http"
	"time"

	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/tokenapi"
	"github.com/saltern-api/saltern/server/web"
)

// tokenDetails is an API token as Cloud Services shows it to its holder.
type tokenDetails struct {
	TokenID    string   `json:"tokenId"`
	TokenName  string   `json:"tokenName"`
	Username   string   `json:"username"`
	OrgID      string   `json:"orgId"`
	Scopes     []string `json:"scopes"`
	CreatedAt  *int64   `json:"createdAt"` // Unix milliseconds, as the next two; null for never
	LastUsedAt *int64   `json:"lastUsedAt"`
	ExpiresAt  *int64   `json:"expiresAt"`
}

// details answers .../details, where programs find a token's expiry.
func (api *API) details(x *web.Exchange, r *http.Request) error {
	p, err := tokenapi.Object(x, r)
	if err != nil {
		return err
	}
	if p["tokenValue"] == "" {
		return tokenapi.InvalidRequest("tokenValue is missing")
	}
	t, user, ok, err := api.Issuer.Details(r.Context(), p["tokenValue"], caller.OriginOf(x, r))
	if err != nil {
		return err
	}
	if !ok || !t.Kind.Lasting() {
		return tokenapi.InvalidGrant(nil)
	}
	o := api.Orgs.OrSystem(t.Org)
	x.WriteBody("application/json", http.StatusOK, web.JSON(tokenDetails{
		TokenID: t.ID, TokenName: t.Name, Username: user, OrgID: o.ID, Scopes: t.Scopes,
		CreatedAt: millis(t.Created), LastUsedAt: millis(t.LastUsed.At), ExpiresAt: millis(t.Expires),
	}))
	return nil
}

func millis(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	ms := t.UnixMilli()
	return &ms
}
