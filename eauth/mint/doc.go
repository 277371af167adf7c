// Package mint writes Salt tokens for users that the gateway has authenticated
// itself, so that they act at the master under their own name. A user has one
// token, which all requests of the user share until it is about to expire. It is
// replaced when the user's groups change or when the master does not recognize it.
//
//	m := mint.New(store, mint.Options{})
//	defer m.Close(ctx)
//	grant, err := m.Grant(ctx, "alice", "pam", []string{"ops"})
//
// The mint keeps track of each token that it wrote until the token is removed, even
// when the request that needed it has ended. So the number of token files is bounded
// by the number of users that are kept and of requests that run. A token that a
// grant gave away to keep, for a login, is not tracked any more.
//
// The package may import eauth, eauth/internal and internal/lru.
package mint
