// Package apitoken keeps the credentials that Saltern issues itself: the
// long-lived API token that a user makes for a program, the short-lived
// access tokens it is exchanged for, the one-time refresh tokens of service
// accounts and the device codes those begin with.
//
//	pepper, err := apitoken.LoadPepper(stateDir)
//	store, err := bolt.Open(filepath.Join(stateDir, "tokens.db"))
//	err = apitoken.CheckPepper(ctx, store, pepper)
//
//	secret := apitoken.NewSecret(apitoken.KindAPI)
//	token := apitoken.Record{ID: apitoken.NewID(), Kind: apitoken.KindAPI, Name: "ci", ...}
//	err = store.Create(ctx, apitoken.Issue{Hash: pepper.Hash(secret), Record: token})
//	show(secret.Reveal()) // this once
//
//	secret, err = apitoken.Parse(presented) // a typo is refused here
//	token, err = store.Lookup(ctx, pepper.Hash(secret))
//	if token.State(now) != apitoken.Live {
//		refuse()
//	}
//
// # What is kept
//
// A [Store] has a keyed hash of each secret and never the secret itself. The
// content of a stolen file or a stolen Redis is therefore not usable, and
// cannot even be tested against guesses without the [Pepper], which is kept
// elsewhere. In logs, lists and URLs a token is named by its id, which does not
// depend on the secret.
//
// # Ends
//
// A token ends at its expiry, by its one use, or by a revocation. Two fields
// define what ends with it. An access token has a Parent, and is revoked with
// it. Refresh tokens that follow one another have a Family, and are revoked
// together when a used one is presented again, since one of its two users has
// stolen it then (RFC 9700, section 4.14.2).
//
// A parent has [MaxChildren] access tokens at the most. One more replaces one
// that has ended, or else ends the oldest.
//
// Each kind of store is a package of its own (memory, bolt, redis) and passes
// the suite in apitokentest. The package may import eauth.
package apitoken
