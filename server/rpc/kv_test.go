package rpc_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
)

// Each user has keys of its own, and the system's are nobody's.
func TestKeysAndValues(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	admin, bob := e.by(t, "admin"), e.by(t, "bob")
	for _, value := range []string{`{"b":[1,null]}`, `"text"`, `0`, `false`, `null`, `""`} {
		e.must(t, bob, "kv.set_key", `{"key":"a","value":`+value+`}`)
		want := value
		require.Equal(t, want, string(e.must(t, bob, "kv.get_key", `{"key":"a"}`)), value)
	}
	e.must(t, admin, "kv.set_system_key", `{"key":"a","value":1}`)
	require.Equal(t, [2]string{issuer.Changed, "system key a"}, [2]string{e.lines.last(t).Event, e.lines.last(t).Subject})
	require.Equal(t, "null", string(e.must(t, admin, "kv.get_key", `{"key":"a"}`)))
	require.Equal(t, `["a"]`, string(e.must(t, bob, "kv.list_keys", `{}`)))
	require.Equal(t, `[]`, string(e.must(t, admin, "kv.list_keys", `{}`)))
	require.Equal(t, "0", string(e.must(t, admin, "kv.delete_key", `{"key":"a"}`)))
	require.Equal(t, "1", string(e.must(t, bob, "kv.delete_key", `{"key":"a"}`)))
	require.Equal(t, "1", string(e.must(t, admin, "kv.delete_system_key", `{"key":"a"}`)))
	require.Equal(t, [2]string{issuer.Removed, "system key a"}, [2]string{e.lines.last(t).Event, e.lines.last(t).Subject})
	require.Equal(t, 4030, e.call(t, bob, "kv.set_system_key", `{"key":"a","value":1}`).code())
	require.Equal(t, 4001, e.call(t, bob, "kv.set_key", `{"key":"`+strings.Repeat("x", 256)+`","value":1}`).code())
	require.Equal(t, 4001, e.call(t, bob, "kv.set_key", `{"key":"x","value":"`+strings.Repeat("x", 64<<10)+`"}`).code())
}
