package mint_test

import (
	"context"
	"fmt"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/mint"
)

// tokens is a token store of a master.
type tokens struct{}

func (tokens) Check(context.Context) error { return nil }

func (tokens) Write(_ context.Context, user, module string, groups []string, _ time.Duration) (eauth.Token, error) {
	return eauth.Token{
		Value: "c0ffee", User: user, Eauth: module, Groups: groups, Expire: time.Now().Add(time.Hour),
	}, nil
}

func (tokens) Remove(_ context.Context, token string) error {
	fmt.Println("removed", token)
	return nil
}

func Example() {
	ctx := context.Background()
	m := mint.New(tokens{}, mint.Options{})
	grant, err := m.Grant(ctx, "alice", "pam", []string{"ops"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(grant.Token(ctx))
	grant.Release(ctx) // the token stays for the user's next request
	fmt.Println(m.Close(ctx))
	// Output:
	// c0ffee <nil>
	// removed c0ffee
	// <nil>
}
