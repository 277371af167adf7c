package saltmaster

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

func TestMakeToken(t *testing.T) {
	t.Parallel()
	const answer = `{"start": 1.5, "expire": 2.5, "name": "u", "eauth": "ldap", "groups": ["ops"], "auth_list": [".*"], "token": "ab"}`
	for life, sent := range map[time.Duration]string{
		0:                       ``,
		-time.Hour:              ``,
		time.Hour:               `, "token_expire": 3600`,
		1500 * time.Millisecond: `, "token_expire": 1.5`,
	} {
		c, request := exchange(t, answer)
		made, ok, err := c.MakeTokenFor(t.Context(), "ldap", "u", "p", life)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, Token{
			Token: "ab", User: "u", Eauth: "ldap", Groups: []string{"ops"}, AuthList: msgpack.Raw(packed(t, `[".*"]`)),
			Start: time.UnixMicro(1_500_000), Expire: time.UnixMicro(2_500_000),
		}, made)
		require.Equal(t, `{"enc": "clear", "version": 3, "load": {"cmd": "mk_token", "eauth": "ldap", "username": "u", `+
			`"password": "p"`+sent+`}}`, *request)
	}
	c, _ := exchange(t, `""`)
	_, ok, err := c.MakeToken(t.Context(), "ldap", "u", "wrong")
	require.NoError(t, err)
	require.False(t, ok)
}
