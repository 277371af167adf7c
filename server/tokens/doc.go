// Package tokens is /v1, the gateway's own API for API tokens, roles and service
// accounts: for users beside rest_cherrypy's, and for the operator on a socket of
// the host.
//
//	(&tokens.API{Tokens: service, Callers: resolver}).Mount(mux)
//	http.Serve(socket, tokens.OperatorHandler(service))
//
// It imports eauth, server/caller and server/web, and no other API.
package tokens
