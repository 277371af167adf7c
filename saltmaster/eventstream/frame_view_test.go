package eventstream

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

func TestView(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]bool{
		`{"id": "web1", "tag": "x", "new": ["a", "b"], "return": {"data": [1, {"id": 2}]}}`: true,
		`{}`: true, `[]`: false, `"data"`: false, `null`: false, `[{"id": "web1"}]`: false,
	} {
		raw, err := msgpack.AppendFromJSON(nil, []byte(data))
		require.NoError(t, err)
		f, err := newFrame("salt/\"job\r\n/x", raw)
		require.NoError(t, err)
		v, ok := f.View()
		require.Equal(t, want, ok, data)
		if ok && len(raw) > 1 {
			require.Equal(t, "web1", v.Text("id"))
			require.Empty(t, v.Text("new"))
			require.Equal(t, []string{"a", "b"}, v.Texts("new"))
			require.Nil(t, v.Texts("id"))
			require.Equal(t, `{"data": [1, {"id": 2}]}`, string(v.JSON("return")))
			require.Nil(t, v.JSON("reason"))
		}
	}
	v, ok := Notice("saltern/closing", "why").View()
	require.True(t, ok)
	require.Equal(t, "why", v.Text("reason"))
}
