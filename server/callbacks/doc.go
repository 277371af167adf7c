// Package callbacks serves /v1/callbacks: promises to tell a destination that a job
// has ended, and what has become of them.
//
//	(&callbacks.API{Service: service, Store: store, Callers: resolver, Sees: sees}).Mount(mux)
//
// Callers see their own call-backs, and those of others of whose jobs they see. One
// that the caller does not see is answered as one that does not exist. A destination
// that there is not is answered as one that the caller may not name.
//
// It imports eauth/apitoken/role, records, records/callback, internal/jsonobject,
// server/caller, server/waiting and server/web, and no other API.
package callbacks
