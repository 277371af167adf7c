package vcd

import (
	"net/http"

	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/oauth/tenant"
	"github.com/saltern-api/saltern/server/tokenapi"
	"github.com/saltern-api/saltern/server/web"
)

// howToGrant answers GET .../deviceLookup, the URL that a device shows its
// user. There is no page for it.
func (api *API) howToGrant(x *web.Exchange, r *http.Request) error {
	at := api.Realm.URLs.Base(r) + DeviceLookupPath
	x.WriteBody("text/plain; charset=utf-8", http.StatusOK, []byte("To let the device in, send the code that it shows as\n\n"+
		`    POST `+at+"/grant\n"+
		`    Authorization: Bearer <your session>`+"\n"+
		`    Content-Type: application/json`+"\n\n"+
		`    {"userCode": "<code>"}`+"\n\n"+
		"or to .../deny to refuse it.\n"))
	return nil
}

// userCode returns the caller, and the user code in the body.
func (api *API) userCode(x *web.Exchange, r *http.Request) (*caller.Caller, string, error) {
	by, err := api.Callers.OfHeader(x, r)
	if err != nil {
		return nil, "", err
	}
	p, err := tokenapi.Object(x, r)
	if err != nil {
		return nil, "", err
	}
	if p["userCode"] == "" {
		return nil, "", tokenapi.InvalidRequest("userCode is missing")
	}
	return by, p["userCode"], nil
}

// lookUpDevice answers POST .../deviceLookup with the service account of a user
// code.
func (api *API) lookUpDevice(x *web.Exchange, r *http.Request) error {
	by, code, err := api.userCode(x, r)
	if err != nil {
		return err
	}
	a, err := api.Issuer.DeviceAccount(r.Context(), by.Issuer(), code)
	if err != nil {
		return err
	}
	x.Header().Set("Location", api.Realm.URLs.Base(r)+apiPath+"/serviceAccounts/"+tenant.AccountURN+a.ID)
	x.Header().Set("Content-Length", "0")
	x.WriteHeader(http.StatusSeeOther)
	return nil
}

// answerDevice answers .../grant and .../deny.
func (api *API) answerDevice(yes bool) web.Handler {
	return func(x *web.Exchange, r *http.Request) error {
		by, code, err := api.userCode(x, r)
		if err != nil {
			return err
		}
		if err := api.Issuer.AnswerDevice(r.Context(), by.Issuer(), code, yes); err != nil {
			return err
		}
		x.WriteHeader(http.StatusNoContent)
		return nil
	}
}
