package server

import (
	"net/http"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/oauth/tenant"
	"github.com/saltern-api/saltern/server/web"
)

const deviceLookupPath = vcdAPI + "/deviceLookup"

// authorizeDevice answers .../device_authorization (RFC 8628, section 3.1).
func (d *doors) authorizeDevice(x *exchange, r *http.Request) error {
	p, err := d.formBody(x, r)
	if err != nil {
		return err
	}
	if p["client_id"] == "" {
		return invalidRequest("client_id is missing")
	}
	code, err := d.tokens.BeginDevice(r.Context(), p["client_id"], caller.OriginOf(x, r))
	if err != nil {
		return deviceError(err)
	}
	writeBody(x, "application/json", http.StatusOK, compact(struct {
		DeviceCode      string `json:"device_code"`
		UserCode        string `json:"user_code"`
		VerificationURI string `json:"verification_uri"`
		ExpiresIn       int64  `json:"expires_in"` // seconds, as the next
		Interval        int64  `json:"interval"`
	}{code.Code.Reveal(), code.UserCode, d.base(r) + deviceLookupPath, seconds(code.Expires), seconds(code.Interval)}))
	return nil
}

// deviceGrant lets the device in whose user code was granted.
func (d *doors) deviceGrant(x *exchange, r *http.Request, p params) error {
	id, code := p["client_id"], p["device_code"]
	if id == "" || code == "" {
		return invalidRequest("client_id or device_code is missing")
	}
	got, err := d.tokens.ExchangeDevice(r.Context(), code, id, issuer.Request{
		Profile: apitoken.ProfileVCD, From: caller.OriginOf(x, r), Org: orgOf(r).Name,
	})
	if err != nil {
		return deviceError(err)
	}
	writeGrant(x, got)
	return nil
}

// deviceError is tokenError where a client names itself.
func deviceError(err error) error {
	e := web.ErrorOf(err)
	if e.Status == http.StatusNotFound {
		return &web.Error{Status: http.StatusBadRequest, Code: "invalid_client", Text: "there is no such client", Err: err}
	}
	return e
}

// howToGrant answers GET .../deviceLookup, where a device sends its user. There
// is no page for it.
func (d *doors) howToGrant(x *exchange, r *http.Request) error {
	at := d.base(r) + deviceLookupPath
	writeBody(x, "text/plain; charset=utf-8", http.StatusOK, []byte("To let the device in, send the code that it shows as\n\n"+
		`    POST `+at+"/grant\n"+
		`    Authorization: Bearer <your session>`+"\n"+
		`    Content-Type: application/json`+"\n\n"+
		`    {"userCode": "<code>"}`+"\n\n"+
		"or to .../deny to refuse it.\n"))
	return nil
}

// userCode reads who asks, and for which code.
func (d *doors) userCode(x *exchange, r *http.Request) (*doorCaller, string, error) {
	who, err := d.callerOf(x, r)
	if err != nil {
		return nil, "", err
	}
	p, err := d.objectBody(x, r)
	if err != nil {
		return nil, "", err
	}
	if p["userCode"] == "" {
		return nil, "", invalidRequest("userCode is missing")
	}
	return who, p["userCode"], nil
}

// lookUpDevice tells which service account a user code belongs to.
func (d *doors) lookUpDevice(x *exchange, r *http.Request) error {
	who, code, err := d.userCode(x, r)
	if err != nil {
		return err
	}
	a, err := d.tokens.DeviceAccount(r.Context(), who.Caller, code)
	if err != nil {
		return err
	}
	x.Header().Set("Location", d.base(r)+vcdAPI+"/serviceAccounts/"+tenant.AccountURN+a.ID)
	x.Header().Set("Content-Length", "0")
	x.WriteHeader(http.StatusSeeOther)
	return nil
}

// grantDevice answers .../grant and .../deny.
func (d *doors) grantDevice(yes bool) handler {
	return func(x *exchange, r *http.Request) error {
		who, code, err := d.userCode(x, r)
		if err != nil {
			return err
		}
		if err := d.tokens.AnswerDevice(r.Context(), who.Caller, code, yes); err != nil {
			return err
		}
		x.WriteHeader(http.StatusNoContent)
		return nil
	}
}
