package web

import (
	"context"
	"net"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// Headers that differ in the id alone are kept once.
func TestHeadsShare(t *testing.T) {
	t.Parallel()
	var s heads
	first := http.Header{"X-Request-Id": {"a"}, "Vary": {"Accept"}}
	kept := s.share(first)
	require.Equal(t, http.Header{"Vary": {"Accept"}}, kept)
	require.Equal(t, "a", first.Get("X-Request-Id"), "the response's own stays as it was")
	first.Set("Vary", "Origin")
	require.Equal(t, "Accept", kept.Get("Vary"), "it is a copy")
	for name, c := range map[string]struct {
		h    http.Header
		same bool
	}{
		"the same":       {http.Header{"X-Request-Id": {"b"}, "Vary": {"Accept"}}, true},
		"another value":  {http.Header{"Vary": {"Origin"}}, false},
		"one more":       {http.Header{"Vary": {"Accept"}, "Set-Cookie": {"session_id=x"}}, false},
		"one less":       {http.Header{}, false},
		"a value twice":  {http.Header{"Vary": {"Accept", "Accept"}}, false},
		"the same again": {http.Header{"Vary": {"Accept"}}, true},
	} {
		s.last = kept
		got := s.share(c.h)
		want := c.h.Clone()
		want.Del("X-Request-Id")
		require.Equal(t, want, got, name)
		got.Set("Probe", "x")
		require.Equal(t, c.same, kept.Get("Probe") == "x", name)
		got.Del("Probe")
	}
	require.Equal(t, http.Header{"Vary": {"Accept"}}, (*heads)(nil).share(http.Header{"X-Request-Id": {"a"}, "Vary": {"Accept"}}))
}

// What is detached ends with the base, and what comes after it at once.
func TestCuts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c cuts
		base, end := context.WithCancel(t.Context())
		var closed []string
		of := func(name string) *Exchange {
			return &Exchange{detached: &detached{conn: closing{name: name, closed: &closed}}}
		}
		ended, open := of("ended"), of("open")
		c.add(base, ended)
		c.add(base, open)
		c.remove(ended)
		synctest.Wait()
		require.Empty(t, closed)
		end()
		synctest.Wait()
		require.Equal(t, []string{"open"}, closed)
		c.add(base, of("late"))
		synctest.Wait()
		require.Equal(t, []string{"open", "late"}, closed)
	})
}

// closing notes that it was closed.
type closing struct {
	net.Conn
	name   string
	closed *[]string
}

func (c closing) Close() error {
	*c.closed = append(*c.closed, c.name)
	return nil
}
