package oauth

import (
	"net/http"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/oauth/tenant"
	"github.com/saltern-api/saltern/server/tokenapi"
	"github.com/saltern-api/saltern/server/web"
)

// authorizeDevice answers .../device_authorization (RFC 8628, section 3.1).
func (api *API) authorizeDevice(x *web.Exchange, r *http.Request, _ tenant.Org) error {
	p, err := tokenapi.Form(x, r)
	if err != nil {
		return err
	}
	if p["client_id"] == "" {
		return tokenapi.InvalidRequest("client_id is missing")
	}
	code, err := api.Issuer.BeginDevice(r.Context(), p["client_id"], caller.OriginOf(x, r))
	if err != nil {
		return deviceError(err)
	}
	x.WriteBody("application/json", http.StatusOK, web.JSON(struct {
		DeviceCode      string `json:"device_code"`
		UserCode        string `json:"user_code"`
		VerificationURI string `json:"verification_uri"`
		ExpiresIn       int64  `json:"expires_in"` // seconds, as the next
		Interval        int64  `json:"interval"`
	}{code.Code.Reveal(), code.UserCode, api.Realm.URLs.Base(r) + api.VerificationPath, int64(code.Expires.Seconds()), int64(code.Interval.Seconds())}))
	return nil
}

// deviceGrant exchanges an approved device code for tokens (RFC 8628, 3.4).
func (api *API) deviceGrant(x *web.Exchange, r *http.Request, o tenant.Org, p tokenapi.Params) error {
	id, code := p["client_id"], p["device_code"]
	if id == "" || code == "" {
		return tokenapi.InvalidRequest("client_id or device_code is missing")
	}
	got, err := api.Issuer.ExchangeDevice(r.Context(), code, id, issuer.Request{
		Profile: apitoken.ProfileVCD, From: caller.OriginOf(x, r), Org: o.Name,
	})
	if err != nil {
		return deviceError(err)
	}
	writeGrant(x, got)
	return nil
}

// deviceError returns the response to an error in a request with a client_id.
func deviceError(err error) error {
	e := web.ErrorOf(err)
	if e.Status == http.StatusNotFound {
		return &web.Error{Status: http.StatusBadRequest, Code: "invalid_client", Text: "there is no such client", Err: err}
	}
	return e
}
