package server

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/oauth/tenant"
)

// The paths of VCD's APIs.
const vcdAPI = "/cloudapi/1.0.0"

func (d *doors) vcdRoutes(r chi.Router) {
	r.Get("/api/versions", d.door(writeXMLError, d.versions))
	r.Get("/api/org", d.door(writeXMLError, d.orgList))
	r.Get("/api/org/{id}", d.door(writeXMLError, d.oneOrg))

	api := func(h handler) http.HandlerFunc { return d.door(writeCloudError, h) }
	for _, kind := range []string{"", "/provider"} {
		r.Post(vcdAPI+"/sessions"+kind, api(d.startSession))
		r.Delete(vcdAPI+"/sessions"+kind, api(d.endSession))
	}
	r.Get(vcdAPI+"/sessions/current", api(d.currentSession))
	r.Delete(vcdAPI+"/sessions/current", api(d.endSession))

	r.Get(vcdAPI+"/tokens", api(d.listTokens))
	r.Get(vcdAPI+"/tokens/{urn}", api(d.oneToken))
	r.Delete(vcdAPI+"/tokens/{urn}", api(d.deleteToken))

	r.Get(vcdAPI+"/serviceAccounts", api(d.listAccounts))
	r.Get(vcdAPI+"/serviceAccounts/{urn}", api(d.oneAccount))
	r.Put(vcdAPI+"/serviceAccounts/{urn}", api(d.changeAccount))
	r.Delete(vcdAPI+"/serviceAccounts/{urn}", api(d.deleteAccount))
	r.Post(vcdAPI+"/serviceAccounts/{urn}/revoke", api(d.revokeAccount))

	r.Get(deviceLookupPath, api(d.howToGrant))
	r.Post(deviceLookupPath, api(d.lookUpDevice))
	r.Post(deviceLookupPath+"/grant", api(d.grantDevice(true)))
	r.Post(deviceLookupPath+"/deny", api(d.grantDevice(false)))
}

// vcdSession tells who has logged in.
type vcdSession struct {
	ID          string             `json:"id"`
	User        tenant.Reference   `json:"user"`
	Org         tenant.Reference   `json:"org"`
	Location    string             `json:"location"`
	Roles       []string           `json:"roles"`
	RoleRefs    []tenant.Reference `json:"roleRefs"`
	IdleMinutes int                `json:"sessionIdleTimeoutMinutes"`
}

// startSession logs in by Basic credentials: the user's name has the
// organization behind its last @.
func (d *doors) startSession(x *exchange, r *http.Request) error {
	if err := d.resolver.CrossOrigin.Check(r); err != nil {
		return denied("cross-origin request refused", err)
	}
	name, password, ok := r.BasicAuth()
	if !ok {
		return notLoggedIn(nil)
	}
	o, ok := d.orgOfLogin(&name, strings.HasSuffix(r.URL.Path, "/provider"))
	if !ok {
		return notLoggedIn(nil) // nobody learns which organizations there are
	}
	sess, err := d.logIn(r.Context(), x, eauth.Credentials{Username: name, Password: password})
	if err != nil {
		return err
	}
	head := x.Header()
	head["X-VMWARE-VCLOUD-ACCESS-TOKEN"] = []string{sess.ID}
	head["X-VMWARE-VCLOUD-TOKEN-TYPE"] = []string{"Bearer"}
	writeBody(x, "application/json", http.StatusOK, compact(aboutSession(sess.ID, sess.Eauth, sess.User, o)))
	return nil
}

// orgOfLogin takes the organization off a name. Only System has providers.
func (d *doors) orgOfLogin(name *string, provider bool) (tenant.Org, bool) {
	at := strings.LastIndexByte(*name, '@')
	if at < 0 {
		return tenant.System, true
	}
	o, ok := d.orgs.Named((*name)[at+1:])
	*name = (*name)[:at]
	return o, ok && (!provider || o == tenant.System)
}

func aboutSession(credential, module, user string, o tenant.Org) vcdSession {
	return vcdSession{
		ID: "urn:vcloud:session:" + tenant.UUID("session", credential), Org: o.Reference(),
		User: tenant.User(module, user), Roles: []string{}, RoleRefs: []tenant.Reference{},
	}
}

// currentSession answers GET .../sessions/current.
func (d *doors) currentSession(x *exchange, r *http.Request) error {
	who, err := d.callerOf(x, r)
	if err != nil {
		return err
	}
	writeBody(x, "application/json", http.StatusOK, compact(aboutSession(who.credential, who.eauth(), who.user(), tenant.System)))
	return nil
}

// endSession logs out. An access token is revoked. An API token stays, whether
// the access token was given for it or it was used directly: who wants to be
// rid of it revokes it.
func (d *doors) endSession(x *exchange, r *http.Request) error {
	who, err := d.callerOf(x, r)
	if err != nil {
		return err
	}
	audit.Of(x).Note(audit.Entry{Event: audit.Logout})
	switch {
	case who.session != nil:
		err = d.sessions.Logout(r.Context(), who.credential)
	case who.Principal.Kind == apitoken.KindAccess:
		err = d.tokens.RevokeSecret(r.Context(), who.credential, who.From)
	}
	if err != nil {
		return err
	}
	x.WriteHeader(http.StatusNoContent)
	return nil
}
