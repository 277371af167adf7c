package vcd

import (
	"context"
	"errors"
	"net/http"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/server/oauth/tenant"
	"github.com/saltern-api/saltern/server/tokenapi"
	"github.com/saltern-api/saltern/server/web"
)

// apiPath is the prefix of the newer API's paths.
const apiPath = "/cloudapi/1.0.0"

// DeviceLookupPath is where users approve a device's request.
const DeviceLookupPath = apiPath + "/deviceLookup"

// Issuer manages tokens and service accounts. *issuer.Service is one.
type Issuer interface {
	Get(ctx context.Context, c issuer.Caller, id string) (apitoken.Record, error)
	List(ctx context.Context, c issuer.Caller, q issuer.Query) (page []apitoken.Record, next string, err error)
	Revoke(ctx context.Context, c issuer.Caller, id string) error
	RevokeSecret(ctx context.Context, secret string, from issuer.Origin) error

	Account(ctx context.Context, c issuer.Caller, id string) (issuer.Account, error)
	Accounts(ctx context.Context, c issuer.Caller) ([]issuer.Account, error)
	UpdateAccount(ctx context.Context, c issuer.Caller, id string, n issuer.NewAccount) (issuer.Account, error)
	RevokeAccount(ctx context.Context, c issuer.Caller, id string) (issuer.Account, error)
	DeleteAccount(ctx context.Context, c issuer.Caller, id string) error

	DeviceAccount(ctx context.Context, c issuer.Caller, userCode string) (issuer.Account, error)
	AnswerDevice(ctx context.Context, c issuer.Caller, userCode string, yes bool) error
}

var _ Issuer = (*issuer.Service)(nil)

// API is Cloud Director's older API, in XML, and the newer one. Its fields are set
// once.
type API struct {
	Issuer  Issuer
	Callers tokenapi.Callers
	Logins  *tokenapi.Logins
	Realm   tokenapi.Realm
	Orgs    tenant.Orgs

	// CrossOrigin decides whether a page may log its user in.
	CrossOrigin *http.CrossOriginProtection
}

// Mount adds the API's routes.
func (api *API) Mount(m *web.Mux) {
	old := m.With(api.Realm.Options(writeXMLError)...)
	old.Handle(http.MethodGet, "/api/versions", api.versions)
	old.Handle(http.MethodGet, "/api/org", api.orgList)
	old.Handle(http.MethodGet, "/api/org/{id}", api.oneOrg)

	m = m.With(api.Realm.Options(writeCloudError)...)
	for _, kind := range []string{"", "/provider"} {
		m.Handle(http.MethodPost, apiPath+"/sessions"+kind, api.startSession)
		m.Handle(http.MethodDelete, apiPath+"/sessions"+kind, api.endSession)
	}
	m.Handle(http.MethodGet, apiPath+"/sessions/current", api.currentSession)
	m.Handle(http.MethodDelete, apiPath+"/sessions/current", api.endSession)

	m.Handle(http.MethodGet, apiPath+"/tokens", api.listTokens)
	m.Handle(http.MethodGet, apiPath+"/tokens/{urn}", api.oneToken)
	m.Handle(http.MethodDelete, apiPath+"/tokens/{urn}", api.deleteToken)

	m.Handle(http.MethodGet, apiPath+"/serviceAccounts", api.listAccounts)
	m.Handle(http.MethodGet, apiPath+"/serviceAccounts/{urn}", api.oneAccount)
	m.Handle(http.MethodPut, apiPath+"/serviceAccounts/{urn}", api.changeAccount)
	m.Handle(http.MethodDelete, apiPath+"/serviceAccounts/{urn}", api.deleteAccount)
	m.Handle(http.MethodPost, apiPath+"/serviceAccounts/{urn}/revoke", api.revokeAccount)

	m.Handle(http.MethodGet, DeviceLookupPath, api.howToGrant)
	m.Handle(http.MethodPost, DeviceLookupPath, api.lookUpDevice)
	m.Handle(http.MethodPost, DeviceLookupPath+"/grant", api.answerDevice(true))
	m.Handle(http.MethodPost, DeviceLookupPath+"/deny", api.answerDevice(false))
}

// Areas returns the paths whose errors are written as those of Cloud Director.
func Areas() tokenapi.Areas {
	return tokenapi.Areas{
		{Path: "/cloudapi", Write: writeCloudError}, {Path: "/api/org", Write: writeXMLError}, {Path: "/api/versions", Write: writeXMLError},
	}
}

// codeForbidden is Cloud Director's code both for objects that do not exist and
// for those that the caller may not see. Its clients take it for "not found".
const codeForbidden = "ACCESS_TO_RESOURCE_IS_FORBIDDEN"

func forbiddenOrAbsent(err error) error {
	return &web.Error{Status: http.StatusForbidden, Code: codeForbidden, Err: err,
		Text: "either there is none, or you may not see it"}
}

// asForbidden turns the error for an object that does not exist into the one
// for an object that the caller may not see.
func asForbidden(err error) error {
	if errors.Is(err, issuer.NotFound) {
		return forbiddenOrAbsent(err)
	}
	return err
}

// writeCloudError writes an error of Cloud Director's newer API.
func writeCloudError(x *web.Exchange, _ *http.Request, e *web.Error) {
	x.WriteBody("application/json", e.Status, web.JSON(struct {
		MinorErrorCode string  `json:"minorErrorCode"`
		Message        string  `json:"message"`
		StackTrace     *string `json:"stackTrace"` // null
	}{e.OAuthCode(), tokenapi.ASCII(e.Text), nil}))
}
