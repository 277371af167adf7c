package token_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/eauthtest"
	"github.com/saltern-api/saltern/eauth/token"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	good = strings.Repeat("0123456789abcdef", 4)
	old  = strings.Repeat("fedcba9876543210", 4)
)

// store has one valid token and one that has expired.
type store struct {
	now   time.Time
	err   error
	asked atomic.Int32
}

func (s *store) LookupToken(_ context.Context, tok string) (eauth.Token, bool, error) {
	s.asked.Add(1)
	t := eauth.Token{
		Value: tok, User: "alice", Eauth: "ldap", Groups: []string{"ops"}, AuthList: json.RawMessage("null"),
		Expire: s.now.Add(time.Hour),
	}
	switch {
	case s.err != nil:
		return eauth.Token{}, false, s.err
	case tok == good:
		return t, true, nil
	case tok == old:
		t.Expire = s.now.Add(-time.Second)
		return t, true, nil
	}
	return eauth.Token{}, false, nil
}

func TestWhatATokenSays(t *testing.T) {
	t.Parallel()
	id, ok, err := token.New(&store{now: time.Now()}).Authenticate(t.Context(), eauth.Credentials{Token: good})
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, []string{"ops"}, id.Groups)
	require.Equal(t, "null", string(id.AuthList))
}

func TestConformance(t *testing.T) {
	t.Parallel()
	eauthtest.RunBackend(t, func(*testing.T) eauthtest.Fixture {
		s := &store{now: time.Now()}
		return eauthtest.Fixture{
			Backend: token.New(s),
			Right:   eauth.Credentials{Token: good},
			User:    "alice",
			Eauth:   "ldap",
			Wrong:   map[string]eauth.Credentials{"expired": {Token: old}},
			Asked:   func() int { return int(s.asked.Load()) },
		}
	})
}

func TestATokenExpiresWhileItIsUsed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := token.New(&store{now: time.Now()})
		c := eauth.Credentials{Token: good}

		time.Sleep(time.Hour - time.Nanosecond)
		_, ok, err := b.Authenticate(t.Context(), c)
		require.NoError(t, err)
		require.True(t, ok)

		time.Sleep(time.Nanosecond)
		_, ok, err = b.Authenticate(t.Context(), c)
		require.NoError(t, err)
		require.False(t, ok)
	})
}

func TestAStoreThatFailsIsNoWrongToken(t *testing.T) {
	t.Parallel()
	b := token.New(&store{err: fmt.Errorf("open /tokens/%s: %w", good, eauth.ErrUnavailable)})
	_, ok, err := b.Authenticate(t.Context(), eauth.Credentials{Token: good})
	require.False(t, ok)
	require.ErrorIs(t, err, eauth.ErrUnavailable)
	require.NotContains(t, err.Error(), good)
}
