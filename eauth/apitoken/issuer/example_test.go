package issuer_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/memory"
)

// everybody implements Owners: all may act.
type everybody struct{}

func (everybody) Active(
	context.Context, apitoken.Owner, netip.Addr, *issuer.LastLogin,
) (active bool, groups []string, err error) {
	return true, []string{}, nil
}

func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	pepper, err := apitoken.LoadPepper(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err := issuer.New(issuer.Options{Store: memory.New(), Pepper: pepper, Owners: everybody{}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()

	from := issuer.Origin{Addr: netip.MustParseAddr("192.0.2.1")}
	alice := issuer.Caller{User: "alice", Eauth: "pam", LoggedIn: true, From: from}
	secret, _, err := s.Create(ctx, alice, issuer.NewToken{
		Name: "ci", Scopes: []string{"User"}, Lifetime: issuer.For(24 * time.Hour), Profile: apitoken.ProfileNative,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	x, err := s.Exchange(ctx, secret.Reveal(), issuer.Request{Profile: apitoken.ProfileNative, From: from})
	if err != nil {
		fmt.Println(err)
		return
	}
	p, ok, err := s.Check(ctx, x.Access.Reveal(), from)
	fmt.Println(p.User, p.ScopeNames, x.Lifetime, ok, err)
	// Output: alice [User] 1h0m0s true <nil>
}
