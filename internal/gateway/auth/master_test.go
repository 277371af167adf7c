package auth

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/saltmaster"
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
