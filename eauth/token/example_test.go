package token_test

import (
	"context"
	"fmt"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/token"
)

// oneToken is a token store.
type oneToken struct{}

func (oneToken) LookupToken(_ context.Context, value string) (eauth.Token, bool, error) {
	t := eauth.Token{Value: value, User: "alice", Eauth: "pam", Expire: time.Now().Add(time.Hour)}
	return t, value == "c0ffee", nil
}

func Example() {
	b := token.New(oneToken{})
	id, ok, err := b.Authenticate(context.Background(), eauth.Credentials{Token: "c0ffee"})
	fmt.Println(id.User, ok, err)
	// Output: alice true <nil>
}
