// Package rpc serves /rpc, the API of SaltStack Config (RaaS, Tanzu Salt), to the
// programs that are written for it: calls of methods by their resource and name, one
// or a list of them in a request.
//
//	(&rpc.API{Callers: callers, Logins: logins, ...}).Mount(mux)
//
// # Declarations
//
// Each method is declared once, with a struct for its parameters: see method. The
// declaration makes the checks of a call, api.discover, docs/rpc.md and the table of
// the tests. A method whose data are not there, such as those of records where
// nothing is recorded, is neither served nor discovered.
//
// # Rights
//
// A method names the permissions that it needs, of which the caller has one. What is
// run goes to the master with the caller's own authority, and within the scopes of
// the caller's token: the master decides last.
//
// # Errors
//
// What is wrong with a call is an [Error] in its envelope, under the status 200. What
// is wrong with the request, such as its credential, has a status of its own, and an
// envelope too.
//
// The package imports eauth, lowstate, records, server/audit, server/caller,
// server/tokenapi and server/web, and no other API.
package rpc
