// Package tokenapi is what the APIs for programs with API tokens have in common:
// those of OAuth, of Cloud Services and of Cloud Director. It reads their forms
// and JSON objects, identifies the caller, checks names and passwords, and writes
// their errors.
//
// It imports eauth, server/audit, server/caller and server/web.
package tokenapi
