package format

import (
	"context"
	"net/http"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/fair"
)

// from is the context of a request from an address.
func from(t *testing.T, addr string) context.Context {
	return fair.WithPrefix(t.Context(), fair.Prefix(netip.MustParseAddr(addr)))
}

// TestReadersOfYAML shows that a reader's place is released, that one address
// gets one of them and leaves the other to the next, that waiting for one ends
// with the request, and that bodies without YAML do not wait.
func TestReadersOfYAML(t *testing.T) {
	t.Parallel()
	d := NewDecoder()
	const form = "application/x-www-form-urlencoded"
	bodies := map[string]string{"a: [": "text/yaml", "a: 1": "text/yaml", "arg=1": form, "kwarg=1": form}
	for range yamlAtOnce + 1 {
		for body, contentType := range bodies {
			_, err := d.Decode(from(t, "192.0.2.1"), nil, contentType, []byte(body))
			require.Equal(t, body == "a: [", err != nil)
		}
	}

	leave, err := d.enter(from(t, "192.0.2.1"))
	require.NoError(t, err)
	defer leave()
	one, cancel := context.WithCancel(from(t, "192.0.2.1"))
	cancel()
	other, cancel := context.WithCancel(from(t, "192.0.2.2"))
	cancel()
	for body, contentType := range bodies {
		_, err := d.Decode(one, nil, contentType, []byte(body))
		require.ErrorIs(t, err, context.Canceled, body)
		_, err = d.Decode(other, nil, contentType, []byte(body))
		require.Equal(t, body == "a: [", err != nil, "the next address has a place")
	}
	for body, contentType := range map[string]string{"[]": "application/json", "username=a&password=b&eauth=pam": form, "x": "text/plain"} {
		_, err = d.Decode(one, nil, contentType, []byte(body))
		require.NoError(t, err, body)
	}
}

// The number of waiters is bounded, too.
func TestTooManyWaitForYAML(t *testing.T) {
	t.Parallel()
	d := NewDecoder()
	ctx, cancel := context.WithCancel(from(t, "192.0.2.1"))
	leave, err := d.enter(ctx)
	require.NoError(t, err)
	defer leave()
	refused := make(chan error)
	for range yamlWaiting + 1 {
		go func() {
			_, err := d.Decode(ctx, nil, "text/yaml", []byte("a: 1"))
			refused <- err
		}()
	}
	var e *Error
	require.ErrorAs(t, <-refused, &e, "one of them")
	require.Equal(t, http.StatusServiceUnavailable, e.Status)
	_, err = d.Decode(from(t, "192.0.2.2"), nil, "text/yaml", []byte("a: 1"))
	require.NoError(t, err, "it has a place for others")
	cancel()
	for range yamlWaiting {
		require.ErrorIs(t, <-refused, context.Canceled)
	}
}
