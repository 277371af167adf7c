// Package operator is the way by which the operator on the gateway's host manages
// tokens, roles and service accounts: a socket in the state folder, which only the
// gateway's own user and root can open, and a client of it for the command line.
// Where no gateway runs the client works on the store itself.
//
//	s, err := operator.Serve(stateDir, tokens, log) // in the gateway
//	defer s.Close()
//
//	c, err := operator.Open(ctx, conf, "saltern 1.0", log) // in a command
//	defer c.Close()
//	err = c.Do(ctx, "GET", "/v1/tokens", nil, &answer)
//
// It imports the configuration, the store of tokens and the server's API of them.
package operator
