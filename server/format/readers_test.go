package format

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReadersOfYAML shows that the place of a reader is given back, and that
// waiting for one ends with the request.
func TestReadersOfYAML(t *testing.T) {
	t.Parallel()
	d := NewDecoder()
	bodies := map[string]string{"a: [": "text/yaml", "a: 1": "text/yaml", "arg=1": "application/x-www-form-urlencoded"}
	for body, contentType := range bodies {
		_, err := d.Decode(t.Context(), contentType, []byte(body))
		require.Equal(t, body == "a: [", err != nil)
		require.Empty(t, d.yaml)
	}

	for range cap(d.yaml) {
		require.NoError(t, d.enter(t.Context()))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for body, contentType := range bodies {
		_, err := d.Decode(ctx, contentType, []byte(body))
		require.ErrorIs(t, err, context.Canceled)
	}
	_, err := d.Decode(ctx, "application/json", []byte("[]"))
	require.NoError(t, err, "JSON waits for nobody")
}
