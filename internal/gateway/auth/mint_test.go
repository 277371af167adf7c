package auth

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/mint"
)

// uncheckedStore is a master's token store that cannot be written before it is
// checked.
type uncheckedStore struct {
	err     error // of the check
	checked atomic.Bool
}

func (s *uncheckedStore) Check(context.Context) error {
	s.checked.Store(true)
	return s.err
}

func (s *uncheckedStore) Write(_ context.Context, user, module string, groups []string, _ time.Duration) (eauth.Token, error) {
	if !s.checked.Load() {
		return eauth.Token{}, errors.New("the layout is not known")
	}
	return eauth.Token{
		Value: strings.Repeat("5a", 32), User: user, Eauth: module, Groups: groups, Expire: time.Now().Add(time.Hour),
	}, nil
}

func (*uncheckedStore) Remove(context.Context, string) error { return nil }

func TestOwnerMint(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		check   error
		unknown bool
		want    error
	}{
		"taken":          {},
		"not taken":      {check: mint.ErrNotAccepted, want: eauth.ErrUnavailable},
		"away":           {check: eauth.ErrUnavailable, want: eauth.ErrUnavailable},
		"unknown rights": {unknown: true, want: eauth.ErrRights},
	} {
		m := mint.New(&uncheckedStore{err: c.check}, mint.Options{})
		grant, err := ownerMint{acceptedMint{m}, func(string) bool { return c.unknown }}.Grant(t.Context(), "alice", "pam", nil)
		if c.want == nil {
			require.NoError(t, err, name)
			grant.Release(t.Context())
		} else {
			require.ErrorIs(t, err, c.want, name)
		}
		require.NoError(t, m.Close(t.Context()))
	}
}
