package lowstate

import (
	"testing"

	"github.com/stretchr/testify/require"

	"saltern/saltmaster/msgpack"
)

func TestResults(t *testing.T) {
	t.Parallel()
	for full, want := range map[bool]string{
		false: `{"a": true, "b": "gone", "c": false}`,
		true:  `{"a": {"ret": true, "retcode": 0, "jid": "1"}, "b": {"out": "no_return", "ret": "gone", "retcode": 1}, "c": false}`,
	} {
		r := newResults(full)
		require.NoError(t, r.add("a", result{
			ret: msgpack.AppendBool(nil, true), retcode: msgpack.AppendInt(nil, 0), jid: "1",
		}))
		r.addSilent("b", "gone")
		r.addFalse("c")
		require.Equal(t, want, string(r.close()))
	}
}
