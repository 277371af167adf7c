package issuer_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
)

// slow is a store that calls meanwhile just before an access token is created.
type slow struct {
	*store
	meanwhile func()
}

func (s *slow) Create(ctx context.Context, i apitoken.Issue) error {
	if i.Record.Kind == apitoken.KindAccess {
		s.meanwhile()
	}
	return s.store.Create(ctx, i)
}

// An exchange fails if its secret becomes invalid before the exchange is done.
func TestTheTokenEndsDuringItsExchange(t *testing.T) {
	for name, end := range map[string]func(r *env, id string) error{
		"revoked": func(r *env, id string) error { return r.Revoke(r.Context(), user("alice"), id) },
		"regenerated": func(r *env, id string) error {
			_, _, err := r.Regenerate(r.Context(), user("alice"), id)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			with(t, nil, func(r *env) {
				secret, made := r.create(user("alice"), nil)
				time.Sleep(time.Second)
				gateway := r.another(func(o *issuer.Options) {
					o.Store = &slow{r.store, func() { require.NoError(r, end(r, made.ID)) }}
				})
				defer gateway.Close()
				_, err := gateway.Exchange(r.Context(), secret, issuer.Request{Profile: apitoken.ProfileVCD, From: here})
				require.ErrorIs(r, err, issuer.InvalidGrant)
			})
		})
	}
}
