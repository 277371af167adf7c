package vcd

import (
	"net/http"
	"strings"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/oauth/tenant"
	"github.com/saltern-api/saltern/server/tokenapi"
	"github.com/saltern-api/saltern/server/web"
)

// session is a login.
type session struct {
	ID          string             `json:"id"`
	User        tenant.Reference   `json:"user"`
	Org         tenant.Reference   `json:"org"`
	Location    string             `json:"location"`
	Roles       []string           `json:"roles"`
	RoleRefs    []tenant.Reference `json:"roleRefs"`
	IdleMinutes int                `json:"sessionIdleTimeoutMinutes"`
}

// startSession logs in with Basic credentials: the user name ends with @ and
// the organization.
func (api *API) startSession(x *web.Exchange, r *http.Request) error {
	if err := api.CrossOrigin.Check(r); err != nil {
		return &web.Error{Status: http.StatusForbidden, Text: "cross-origin request refused", Err: err}
	}
	name, password, ok := r.BasicAuth()
	if !ok {
		return tokenapi.NotLoggedIn(nil)
	}
	o, ok := api.orgOfLogin(&name, strings.HasSuffix(r.URL.Path, "/provider"))
	if !ok {
		return tokenapi.NotLoggedIn(nil) // clients do not learn which organizations exist
	}
	sess, err := api.Logins.Login(r.Context(), x, eauth.Credentials{Username: name, Password: password})
	if err != nil {
		return err
	}
	head := x.Header()
	head["X-VMWARE-VCLOUD-ACCESS-TOKEN"] = []string{sess.ID}
	head["X-VMWARE-VCLOUD-TOKEN-TYPE"] = []string{"Bearer"}
	x.WriteBody("application/json", http.StatusOK, web.JSON(aboutSession(sess.ID, sess.Eauth, sess.User, o)))
	return nil
}

// orgOfLogin splits the organization off a name. Only System has providers.
func (api *API) orgOfLogin(name *string, provider bool) (tenant.Org, bool) {
	at := strings.LastIndexByte(*name, '@')
	if at < 0 {
		return tenant.System, true
	}
	o, ok := api.Orgs.Named((*name)[at+1:])
	*name = (*name)[:at]
	return o, ok && (!provider || o == tenant.System)
}

func aboutSession(credential, module, user string, o tenant.Org) session {
	return session{
		ID: "urn:vcloud:session:" + tenant.UUID("session", credential), Org: o.Reference(),
		User: tenant.User(module, user), Roles: []string{}, RoleRefs: []tenant.Reference{},
	}
}

// currentSession answers GET .../sessions/current.
func (api *API) currentSession(x *web.Exchange, r *http.Request) error {
	by, err := api.Callers.OfHeader(x, r)
	if err != nil {
		return err
	}
	x.WriteBody("application/json", http.StatusOK, web.JSON(aboutSession(by.Credential.Text, by.Eauth, by.User, tenant.System)))
	return nil
}

// endSession logs out. An access token is revoked. An API token is not, whether
// it was used directly or exchanged for the access token: it ends by a
// revocation.
func (api *API) endSession(x *web.Exchange, r *http.Request) error {
	by, err := api.Callers.OfHeader(x, r)
	if err != nil {
		return err
	}
	audit.Of(x).Note(audit.Entry{Event: audit.Logout})
	switch {
	case by.Principal == nil:
		_, err = api.Logins.Sessions.Logout(r.Context(), by.Credential.Text)
	case by.Principal.Kind == apitoken.KindAccess:
		err = api.Issuer.RevokeSecret(r.Context(), by.Credential.Text, by.From)
	}
	if err != nil {
		return err
	}
	x.WriteHeader(http.StatusNoContent)
	return nil
}
