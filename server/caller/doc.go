// Package caller finds out who makes a request, and what that allows.
//
// A [Resolver] makes a [Caller] of a credential in a header or a cookie: a session,
// a Salt token, or a token of the gateway's own. The Caller is handed from function
// to function as a value, and nothing of the identity lies beside it: whoever
// passes on another one, or none, acts as that one, or as nobody.
// [Resolver.Authority] makes of it what lowstate runs calls with, which a token's
// scopes are part of.
//
// It imports eauth, lowstate, server/audit and server/web.
package caller
