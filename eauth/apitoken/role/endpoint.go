package role

import (
	"net/http"
	"slices"
)

// Endpoint is a path of the gateway with the permission that it needs.
type Endpoint struct {
	Method string // GET includes HEAD
	Path   string // a router pattern, with names for the variable parts

	// Needs is empty where any token is accepted: either each call or job is checked
	// on its own, or the endpoint is about the token itself.
	Needs Permission
}

// endpoints are those that accept a token. Others, such as POST /login and those of
// OAuth, take other credentials.
var endpoints = []Endpoint{
	// Calls, each of which is checked by Set.Allows.
	{http.MethodPost, "/", ""},
	{http.MethodPost, "/run", ""},
	{http.MethodPost, "/minions", ""},
	{http.MethodPost, "/jobs", ""},
	{http.MethodPost, "/rpc", ""},
	{http.MethodPost, "/raas/rpc", ""},

	// Jobs that are recorded, each of which is checked by package jobs.
	{http.MethodGet, "/v1/jobs", ""},
	{http.MethodGet, "/v1/jobs/{jid}", ""},
	{http.MethodGet, "/v1/jobs/{jid}/events", ""},
	{http.MethodGet, "/v1/jobs/{jid}/returns", ""},
	{http.MethodGet, "/v1/jobs/{jid}/returns/{minion}", ""},

	// Call-backs, each of which is checked by package callbacks.
	{http.MethodGet, "/v1/callbacks", ""},
	{http.MethodPost, "/v1/callbacks", ""},
	{http.MethodGet, "/v1/callbacks/{id}", ""},
	{http.MethodPost, "/v1/callbacks/{id}/deliver", ""},

	// About the token itself.
	{http.MethodPost, "/logout", ""},

	{http.MethodGet, "/v1/minions", MinionRead},
	{http.MethodGet, "/v1/minions/{id}", MinionRead},
	{http.MethodGet, "/minions", MinionRead},
	{http.MethodGet, "/minions/{mid}", MinionRead},
	{http.MethodGet, "/jobs", CmdRead},
	{http.MethodGet, "/jobs/{jid}", ReturnerRead},
	{http.MethodGet, "/jobs/{jid}/{timeout}", ReturnerRead},
	{http.MethodGet, "/keys", MinionRead},
	{http.MethodGet, "/keys/{mid}", MinionRead},
	{http.MethodPost, "/keys", MinionWrite},
	{http.MethodGet, "/stats", MasterRead},

	{http.MethodGet, "/events", EventRead},
	{http.MethodGet, "/ws", EventRead},
	{http.MethodGet, "/ws/{token}", EventRead},
	{http.MethodGet, "/all_events/{token}", EventRead},
	{http.MethodGet, "/formatted_events/{token}", EventRead},
	{http.MethodPost, "/hook", EventWrite}, // whatever webhook_url calls it
	{http.MethodPost, "/hook/*", EventWrite},

	{http.MethodPost, "/token", TokenManage}, // Salt tokens
	{http.MethodGet, "/v1/tokens", TokenManage},
	{http.MethodPost, "/v1/tokens", TokenManage},
	{http.MethodGet, "/v1/tokens/{id}", TokenManage},
	{http.MethodDelete, "/v1/tokens/{id}", TokenManage},
	{http.MethodPost, "/v1/tokens/{id}/regenerate", TokenManage},
	{http.MethodGet, "/cloudapi/1.0.0/tokens", TokenManage},
	{http.MethodGet, "/cloudapi/1.0.0/tokens/{urn}", TokenManage},
	{http.MethodDelete, "/cloudapi/1.0.0/tokens/{urn}", TokenManage},

	{http.MethodGet, "/v1/roles", RoleRead},
	{http.MethodGet, "/v1/roles/{name}", RoleRead},
	{http.MethodPost, "/v1/roles", RoleWrite},
	{http.MethodPut, "/v1/roles/{name}", RoleWrite},
	{http.MethodDelete, "/v1/roles/{name}", RoleDelete},

	{http.MethodGet, "/v1/service-accounts", ServiceAccountRead},
	{http.MethodGet, "/v1/service-accounts/{id}", ServiceAccountRead},
	{http.MethodPost, "/v1/service-accounts", ServiceAccountWrite},
	{http.MethodPut, "/v1/service-accounts/{id}", ServiceAccountWrite},
	{http.MethodDelete, "/v1/service-accounts/{id}", ServiceAccountDelete},
	{http.MethodGet, "/cloudapi/1.0.0/serviceAccounts", ServiceAccountRead},
	{http.MethodGet, "/cloudapi/1.0.0/serviceAccounts/{urn}", ServiceAccountRead},
	{http.MethodPut, "/cloudapi/1.0.0/serviceAccounts/{urn}", ServiceAccountWrite},
	{http.MethodPost, "/cloudapi/1.0.0/serviceAccounts/{urn}/revoke", ServiceAccountWrite},
	{http.MethodDelete, "/cloudapi/1.0.0/serviceAccounts/{urn}", ServiceAccountDelete},
	{http.MethodPost, "/cloudapi/1.0.0/deviceLookup", ServiceAccountWrite},
	{http.MethodPost, "/cloudapi/1.0.0/deviceLookup/grant", ServiceAccountWrite},
	{http.MethodPost, "/cloudapi/1.0.0/deviceLookup/deny", ServiceAccountWrite},

	{http.MethodGet, "/v1/audit", AuditRead},
}

// Endpoints returns the table of endpoints.
func Endpoints() []Endpoint { return slices.Clone(endpoints) }

// MayReach reports whether the roles allow an endpoint. One that is not in the table
// is not allowed.
func (s *Set) MayReach(method, path string) bool {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	i := slices.IndexFunc(endpoints, func(e Endpoint) bool { return e.Method == method && e.Path == path })
	return i >= 0 && (endpoints[i].Needs == "" || s.May(endpoints[i].Needs))
}
