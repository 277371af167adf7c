package msgpack

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTruthy(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{
		`null`: false, `false`: false, `true`: true, `0`: false, `-1`: true, `0.0`: false, `0.5`: true,
		`""`: false, `"0"`: true, `[]`: false, `[null]`: true, `{}`: false, `{"a": null}`: true,
	} {
		b, err := AppendFromJSON(nil, []byte(value))
		require.NoError(t, err)
		require.Equal(t, want, Raw(b).Truthy(), value)
	}
	require.True(t, Raw{0xd4, 0x05, 0x00}.Truthy(), "ext")
	require.False(t, Raw{0xc4, 0x00}.Truthy(), "no bytes")
}
