// Package session keeps who is logged in. A session has an id, which the
// client holds, and a Salt token of its own, which is what the master sees: a
// request of a session is a request with that token. A session lives as long as
// its token, and survives a restart of the gateway.
//
//	s := session.New(session.Options{Store: store, Auth: authenticator, Tokens: tokens})
//	defer s.Close()
//	sess, ok, err := s.Login(ctx, credentials) // sess.ID goes to the client
//	sess, ok, err = s.Resolve(ctx, id)         // sess.Token goes to the master
//	err = s.Logout(ctx, id)
//
// # What is kept
//
// A [Store] has no credential in it that works. A session is found by the hash
// of its id, and its content is sealed with a key that is derived from the id,
// which only the client has. So is a token by its own hash, for those that were
// logged out but could not be removed from the master's store: they are denied
// until they expire.
//
// Each kind of store is a folder (memory, bolt), and passes the one suite in
// sessiontest. The package imports eauth only.
package session
