// Package master is the eauth backend that has the master authenticate: the
// credentials go to the master's own eauth module. The master answers with a token,
// which serves the whole request and is then removed, so a request costs one
// authentication and leaves nothing behind.
//
//	b := master.New(saltMaster, master.Options{})
//	defer b.Close(ctx)
//	id, ok, err := b.Authenticate(ctx, eauth.Credentials{
//		Eauth: "ldap", Username: "alice", Password: "secret",
//	})
//
// With [Options].Reuse the token also serves other requests with the same
// credentials, for a moment.
//
// The master spends a second or so of one of its few workers on a wrong password,
// so the backend is behind a guard. The package may import eauth, its guard and
// admission, eauth/internal, internal/fair and internal/lru.
package master
