// Package tokenstore reads and writes Salt tokens where the master itself
// keeps them, in the file layouts of the two families of masters. A token
// written here is accepted by the master like one that it made, and gives its
// bearer exactly what external_auth gives to the user named in it.
//
// It knows files, and imports package msgpack only.
//
//	s := tokenstore.Store{Dir: "/var/cache/salt/master/tokens", Layout: tokenstore.Flat, HashType: "sha256"}
//	err := s.Write(tokenstore.Record{Token: s.NewToken(), User: "saltdev", Eauth: "pam", Expire: expire})
package tokenstore
