package pam_test

import (
	"context"
	"fmt"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/pam"
)

// Mint is a *mint.Mint in a gateway.
func Example() {
	var minter pam.Mint
	b := pam.New(pam.Options{Service: "login", Mint: minter})
	if err := b.Check(); err != nil {
		fmt.Println(err) // the master has to check eauth pam
		return
	}
	id, ok, err := b.Authenticate(context.Background(), eauth.Credentials{
		Eauth: "pam", Username: "alice", Password: "secret",
	})
	fmt.Println(id.User, ok, err)
}
