// Package accounts serves the methods of /rpc about the caller, roles, users and groups
// (auth).
//
//	(&accounts.API{Saved: library, Accounts: issuer, Logins: logins, JWTs: jwts}).Methods()
//
// What may be changed is decided by the issuer of tokens: nobody gives what they do not
// have.
//
// The package imports eauth, records, server/caller, server/rpc/method, server/rpc/saved,
// server/tokenapi and server/web, and no other of server/rpc.
package accounts
