package guard_test

import (
	"context"
	"fmt"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/guard"
	"github.com/saltern-api/saltern/eauth/throttle"
)

// refusing is a backend for which every password is wrong.
type refusing struct{}

func (refusing) Authenticate(context.Context, eauth.Credentials) (eauth.Identity, bool, error) {
	return eauth.Identity{}, false, nil
}

func Example() {
	g := guard.New(refusing{}, guard.Options{
		Throttle: throttle.Options{Free: 1, First: time.Hour, Most: time.Hour},
		Observe:  func(o guard.Outcome) { fmt.Println(o) },
	})
	for range 3 {
		_, _, _ = g.Authenticate(context.Background(), eauth.Credentials{Eauth: "pam", Username: "alice", Password: "guess"})
	}
	// Output:
	// wrong
	// wrong
	// throttled
}
