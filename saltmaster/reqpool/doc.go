// Package reqpool sends requests to a Salt master over a pool of connections, whatever the transport. Its protocols
// are packages of their own: zmtp, salttcp and saltws.
//
// A connection has one request in flight at a time. One that saw an error, a timeout or a cancellation is closed
// and never reused, because a late reply on it would be taken for the answer of the next request. Nothing is ever
// sent twice once a byte of it may have reached the peer: a publish that ran twice is worse than one that failed.
//
// The package imports only the standard library.
package reqpool
