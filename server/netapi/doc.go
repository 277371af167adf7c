// Package netapi is salt-api's own API: [CherryPy] answers as rest_cherrypy does,
// and [WSGI] as rest_wsgi is documented to.
//
// A handler decodes the request, identifies its caller with package caller, runs
// a call of package lowstate with the caller's authority, and encodes the result.
// JSON is written with Python's separators, as salt-api's is.
//
// It imports lowstate, eauth, internal/pause, server/audit, server/caller, server/format,
// server/waiting and server/web.
package netapi
