// Package oauth is the authorization server, for whichever organization a path
// names: the token endpoint (RFC 6749), revocation (RFC 7009), registration
// (RFC 7591), introspection (RFC 7662), device authorization (RFC 8628), and the
// metadata of all that (RFC 8414 and 9728).
//
//	(&oauth.API{Issuer: service, Callers: callers, Realm: realm, Orgs: orgs}).Mount(mux)
//
// It imports eauth, server/caller, server/web and server/tokenapi, and no other
// API. Cloud Director's organizations and roles are in its package tenant.
package oauth
