package auth

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

func TestTokensOfTheMaster(t *testing.T) {
	t.Parallel()
	list, err := msgpack.AppendFromJSON(nil, []byte(`[".*", {"web*": ["test.ping"]}]`))
	require.NoError(t, err)
	got, err := ofMaster(saltmaster.Token{
		Token: "ab", User: "bench", Eauth: "rest", Groups: []string{"ops"}, AuthList: list, Expire: time.UnixMicro(1),
	})
	require.NoError(t, err)
	require.Equal(t, eauth.Token{
		Value: "ab", User: "bench", Eauth: "rest", Groups: []string{"ops"}, Expire: time.UnixMicro(1),
		AuthList: []byte(`[".*", {"web*": ["test.ping"]}]`),
	}, got)

	got, err = ofMaster(saltmaster.Token{Token: "ab", AuthList: msgpack.AppendNil(nil)})
	require.NoError(t, err)
	require.Equal(t, "null", string(got.AuthList))

	got, err = ofMaster(saltmaster.Token{Token: "ab"})
	require.NoError(t, err)
	require.Nil(t, got.AuthList)

	bad, err := msgpack.AppendFromJSON(nil, []byte(`[NaN]`))
	require.NoError(t, err)
	for _, list := range []msgpack.Raw{bad, {0xc1}} {
		_, err = ofMaster(saltmaster.Token{Token: "ab", AuthList: list})
		require.ErrorIs(t, err, eauth.ErrUnavailable)
	}
}

// The master's errors are no verdict on credentials, except for invalid
// credentials.
func TestErrorsOfTheMaster(t *testing.T) {
	t.Parallel()
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	m := mastertest.Start(t, mastertest.Options{})
	a := Master{masterTokens(t, m)}
	require.NoError(t, a.Check(t.Context()))
	require.True(t, a.Local())
	made, ok, err := a.MakeToken(t.Context(), "sharedsecret", "bench", "secret", 0)
	require.NoError(t, err)
	require.True(t, ok)
	found, ok, err := a.LookupToken(t.Context(), made.Value)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "bench", found.User)
	require.NoError(t, a.RemoveToken(t.Context(), made.Value))
	_, ok, err = a.LookupToken(t.Context(), made.Value)
	require.NoError(t, err)
	require.False(t, ok)
	written, err := a.Write(t.Context(), "bench", "sharedsecret", nil, time.Hour)
	require.NoError(t, err)
	require.Equal(t, "bench", written.User)
	require.NoError(t, a.RemoveToken(t.Context(), written.Value))

	m.Close()
	_, _, err = a.MakeToken(t.Context(), "sharedsecret", "bench", "secret", 0)
	require.ErrorIs(t, err, eauth.ErrUnavailable)

	for name, c := range map[string]struct {
		err  error
		want []error
	}{
		"nothing":  {},
		"canceled": {canceled.Err(), []error{context.Canceled}},
		"down":     {saltmaster.ErrDown, []error{saltmaster.ErrDown, eauth.ErrUnavailable}},
	} {
		err := unavailable(c.err)
		require.Equal(t, c.err == nil, err == nil, name)
		for _, want := range c.want {
			require.ErrorIs(t, err, want, name)
		}
		require.Equal(t, name == "down", errors.Is(err, eauth.ErrUnavailable), name)
	}
}
