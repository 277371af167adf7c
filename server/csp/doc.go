// Package csp is the API of Cloud Services: API tokens are exchanged for access
// tokens, their holders see how long they are good, and users log in.
//
//	(&csp.API{Issuer: service, Callers: callers, Logins: logins, Realm: realm, Orgs: orgs}).Mount(mux)
//
// It imports eauth, server/caller, server/web, server/tokenapi and
// server/oauth/tenant, and no other API.
package csp
