// Package token is the eauth backend for Salt tokens: the caller is the user that
// the token was made for. The master checks the token again with every command, so
// this check is not authorization; it returns an early result, and the user's name.
//
//	b := token.New(store)
//	id, ok, err := b.Authenticate(ctx, eauth.Credentials{Token: "c0ffee..."})
//
// The package may import eauth and eauth/internal.
package token
