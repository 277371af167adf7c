// Package local holds what the stores of a single process share: the hub that
// announces changes, and the counts of failures, which are not written to the
// disk, as an unknown client could cause such writes.
//
//	var hub local.Hub
//	hub.Publish(apitoken.Notice{Revoked: ids})
//	for notice := range hub.Watch(ctx) { ... }
//
// It imports eauth/apitoken and internal/lru.
package local
