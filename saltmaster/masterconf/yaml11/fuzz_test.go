package yaml11_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/masterconf/yaml11"
)

// FuzzDecode looks for panics, errors without a file, and values that are not equal to themselves.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("external_auth:\n  pam:\n    1000: ['.*', '@runner']\n"))
	f.Add([]byte("a: &a {b: 017, <<: {c: 1:30}}\nd: *a\n? e\n: !!binary aGk=\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := yaml11.Decode("master", data)
		if err != nil {
			var e *yaml11.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, "master", e.File)
			return
		}
		require.True(t, yaml11.Equal(v, v))
	})
}
