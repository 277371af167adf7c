// Package vcd is what Cloud Director's clients need of its APIs: the older one, in
// XML, for versions and organizations, and the newer one for sessions, tokens,
// service accounts and the codes of devices.
//
//	(&vcd.API{Issuer: service, Callers: callers, Logins: logins, Realm: realm, Orgs: orgs}).Mount(mux)
//
// It imports eauth, server/caller, server/web, server/tokenapi,
// server/oauth/tenant and its package fiql, and no other API.
package vcd
