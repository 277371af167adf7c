package eauth_test

import (
	"context"
	"fmt"

	"github.com/saltern-api/saltern/eauth"
)

// fixed is a backend with one password.
type fixed struct{}

func (fixed) Authenticate(_ context.Context, c eauth.Credentials) (eauth.Identity, bool, error) {
	if c.Password != "secret" {
		return eauth.Identity{}, false, nil
	}
	return eauth.Identity{User: c.Username, Eauth: c.Eauth, Grant: noGrant{}}, true, nil
}

type noGrant struct{}

func (noGrant) Token(context.Context) (string, error)         { return "", eauth.ErrNoToken }
func (noGrant) Renew(context.Context, string) (string, error) { return "", eauth.ErrNoToken }
func (noGrant) Exposed(string)                                {}
func (noGrant) Release(context.Context)                       {}

func ExampleAuthenticator() {
	a := eauth.New(eauth.Options{Eauths: []string{"ldap"}, HashType: "sha256", Token: fixed{}, Master: fixed{}})
	ctx := context.Background()
	auth := a.NewRequestAuth()
	defer auth.Release(ctx)
	for _, password := range []string{"secret", "wrong"} {
		id, ok, err := auth.Authenticate(ctx, eauth.Credentials{Eauth: "ldap", Username: "alice", Password: password})
		fmt.Printf("%q %v %v\n", id.User, ok, err)
	}
	// Output:
	// "alice" true <nil>
	// "" false <nil>
}
