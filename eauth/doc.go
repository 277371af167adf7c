// Package eauth authenticates callers. Each way of doing so is a [Backend] in a
// package of its own (pam, token, master), and every backend passes the suite in
// eauthtest. [Authenticator] picks the backend for a chunk's [Credentials] by the
// operator's configuration, and a [RequestAuth] makes that one check per request.
//
//	a := eauth.New(eauth.Options{
//		Eauths: names, HashType: "sha256",
//		Token: token.New(store), PAM: pam.New(pam.Options{Mint: minter}),
//		PAMUsable: minter.Usable, Master: master.New(salt, master.Options{}),
//	})
//	auth := a.NewRequestAuth()
//	defer auth.Release(ctx)
//	id, ok, err := auth.Authenticate(ctx, eauth.Credentials{
//		Eauth: "pam", Username: "saltdev", Password: "secret",
//	})
//	switch {
//	case err != nil: // the backend could not decide: 503
//	case !ok:        // the credentials are wrong: 401
//	default:         // id.Grant is the authority that the master receives
//	}
//
// What backends share is in packages of its own too: guard bounds and throttles a
// costly backend, with admission for concurrency and throttle for guesses; mint
// writes the Salt tokens of users that the gateway has checked itself; acl
// evaluates the rules of external_auth. Package session keeps logins, each with a
// Salt token of [Authenticator.Login], and apitoken keeps the credentials that
// Saltern issues itself.
//
// The package contains no Salt protocol and no HTTP. What a backend needs of a
// master it declares as a small interface. The package itself may import the
// standard library and internal/pause only; the packages below it may import it and
// internal packages.
package eauth
