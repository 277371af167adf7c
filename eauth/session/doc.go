// Package session keeps logins. A session consists of an id, which the client
// holds, and a Salt token of its own, which the master receives: a request of a
// session is a request with that token. A session lasts as long as its token, and
// survives a restart of the gateway.
//
//	s := session.New(session.Options{Store: store, Auth: authenticator, Tokens: tokens})
//	defer s.Close()
//	sess, ok, err := s.Login(ctx, credentials) // sess.ID goes to the client
//	sess, ok, err = s.Resolve(ctx, id)         // sess.Token goes to the master
//	left, err := s.Logout(ctx, id)
//
// # What is stored
//
// A [Store] contains no usable credential. A session is found by the hash of its
// id, and its content is sealed with a key derived from the id, which only the
// client holds. Tokens that were logged out but could not be removed from the
// master's store are kept by their hash: they are denied until they expire.
//
// Each store is a package of its own (memory, bolt) and passes the suite in
// sessiontest. The package may import eauth, eauth/internal, internal/expiry and
// internal/lru.
package session
