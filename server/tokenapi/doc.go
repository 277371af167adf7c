// Package tokenapi is what the APIs for programs with API tokens have in common:
// those of OAuth, of Cloud Services and of Cloud Director. It reads their forms
// and JSON objects, finds out who makes a request, checks names and passwords, and
// has what their errors look like.
//
// It imports eauth, server/audit, server/caller and server/web.
package tokenapi
