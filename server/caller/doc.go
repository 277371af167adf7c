// Package caller resolves the credential of a request to its caller, and the
// caller to the authority that calls run with.
//
// A [Resolver] turns a credential in a header or a cookie into a [Caller]: a
// session, a Salt token, or a token of the gateway's own. The Caller is passed
// from function to function as a value, and is the only source of the identity:
// a function that passes on another Caller, or none, acts as that one, or
// anonymously. [Resolver.Authority] turns it into the authority that lowstate
// runs calls with, which includes a token's scopes.
//
// It imports eauth, lowstate, server/audit and server/web.
package caller
