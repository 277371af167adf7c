package lowstate

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

func TestSubset(t *testing.T) {
	t.Parallel()
	eachRelease(t, several(5), func(t *testing.T, b *before) {
		const subset = `"client": "local_subset", "tgt": "*", "fun": "test.ping"`
		for keys, want := range map[string]int{
			``: 3, `, "subset": 2`: 2, `, "subset": "1"`: 1, `, "sub": 4`: 4, `, "subset": 100`: 5, `, "tgt": "web1"`: 1,
			`, "tgt": "db*"`: 0, `, "fun": "no.such"`: 0, `, "fun": ["test.ping", "test.echo"]`: 3, `, "fun": ["test.ping", "no.such"]`: 0,
		} {
			got, err := b.call(subset + keys)
			require.NoError(t, err, keys)
			require.Equal(t, want, strings.Count(got, `"web`), "%s: %s", keys, got)
			require.Equal(t, want, strings.Count(got, "true"), "%s: %s", keys, got)
		}
		got, err := b.call(subset + `, "subset": 1, "full_return": true, "jid": "20260101000000000001"`)
		require.NoError(t, err)
		require.Regexp(t, `^\{"web\d": \{"ret": true, "retcode": 0, "jid": "20260101000000000001"\}\}$`, got)
	})
}

// A minion that returns no list of functions is not chosen.
func TestSubsetOfOddMinions(t *testing.T) {
	t.Parallel()
	o := several(3)
	o.Minions[0].Misses = func(fun string) bool { return fun == "sys.list_functions" }
	b := gatewayBefore(t, o)
	got, err := b.call(`"client": "local_subset", "tgt": "*", "fun": "test.ping", "timeout": 1, "gather_job_timeout": 0.05`)
	require.NoError(t, err)
	require.NotContains(t, got, "web0")
	require.Equal(t, 2, strings.Count(got, "true"))
	require.Equal(t, "list", b.Last("publish").LookupStr("tgt_type"))

	for _, functions := range []string{`"test.ping"`, `{"test.ping": 1}`, `null`, `[]`, `["test"]`, `[1]`} {
		require.False(t, hasAll(mastertest.JSON(functions), publicationOf("test.ping")), functions)
	}
	require.True(t, hasAll(mastertest.JSON(`[1, "test.ping"]`), publicationOf("test.ping")))
	require.False(t, hasAll(msgpack.Raw(nil), publicationOf("test.ping")))
}
