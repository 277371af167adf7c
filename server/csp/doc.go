// Package csp is the API of Cloud Services: API tokens are exchanged for access
// tokens, and their holders see how long they are good. Its programs log in with
// [tokenapi.Account].
//
//	(&csp.API{Issuer: service, Callers: callers, Realm: realm, Orgs: orgs}).Mount(mux)
//
// It imports eauth, server/caller, server/web, server/tokenapi and
// server/oauth/tenant, and no other API.
package csp
