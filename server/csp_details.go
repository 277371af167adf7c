package server

import (
	"net/http"
	"time"

	"github.com/saltern-api/saltern/server/caller"
)

// tokenDetails is what Cloud Services tells of an API token to who has it.
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

// details answers .../details. Programs ask here how long their token is good.
func (d *doors) details(x *exchange, r *http.Request) error {
	p, err := d.objectBody(x, r)
	if err != nil {
		return err
	}
	if p["tokenValue"] == "" {
		return invalidRequest("tokenValue is missing")
	}
	t, user, ok, err := d.tokens.Details(r.Context(), p["tokenValue"], caller.OriginOf(x, r))
	if err != nil {
		return err
	}
	if !ok || !t.Kind.Lasting() {
		return invalidGrant(nil)
	}
	o := d.orgs.OrSystem(t.Org)
	writeBody(x, "application/json", http.StatusOK, compact(tokenDetails{
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
