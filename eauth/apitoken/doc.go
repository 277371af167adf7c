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
// A [Store] has a keyed hash of each secret and never the secret, so what is
// read from a stolen file or a stolen Redis opens nothing, and cannot even be
// tested against guesses without the [Pepper], which is kept elsewhere. What
// names a token in logs, lists and URLs is its id, which has nothing to do with
// the secret.
//
// # Ends
//
// A token ends by its time, by its one use, or by being revoked. Two fields
// define what ends with it. An access token has a Parent, and is revoked
// with it. The refresh tokens that follow one another have a Family, and are
// revoked together: that happens when one that was used already is presented
// again, since then one of the two who did that has stolen it (RFC 9700,
// section 4.14.2).
//
// A parent has [MaxChildren] access tokens at the most. One more takes the
// place of one that has ended, or else ends the oldest.
//
// Each kind of store is a folder (memory, bolt, redis) and passes the one suite
// in apitokentest. The package may import eauth.
package apitoken
