package master_test

import (
	"context"
	"fmt"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/master"
)

// demo is a master with one user.
type demo struct{}

func (demo) MakeToken(_ context.Context, module, user, password string, _ time.Duration) (eauth.Token, bool, error) {
	t := eauth.Token{Value: "c0ffee", User: user, Eauth: module, Expire: time.Now().Add(time.Hour)}
	return t, password == "secret", nil
}

func (demo) RemoveToken(_ context.Context, token string) error {
	fmt.Println("removed", token)
	return nil
}

func Example() {
	ctx := context.Background()
	b := master.New(demo{}, master.Options{})
	id, ok, err := b.Authenticate(ctx, eauth.Credentials{Eauth: "ldap", Username: "alice", Password: "secret"})
	fmt.Println(id.User, ok, err)
	id.Grant.Release(ctx)
	// Output:
	// alice true <nil>
	// removed c0ffee
}
