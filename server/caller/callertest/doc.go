// Package callertest provides sessions and tokens for tests of handlers that use
// package caller.
//
// It imports eauth and server/caller.
package callertest
