// Package reach holds what everything that connects to other hosts shares: the
// hosts that may be reached without TLS, the certificates that are trusted, and
// how much of a remote text may be shown.
//
// It imports nothing else of Saltern.
package reach
