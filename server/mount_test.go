package server_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/servertest"
)

func TestRootPrefix(t *testing.T) {
	t.Parallel()
	s, _ := servertest.StartWithSessions(t, servertest.Answering("1"), func(c *server.Config) { c.Main.RootPrefix = "/salt/" })
	for path, status := range map[string]int{
		"/salt": 200, "/salt/": 200, "/salt/login": 200, "/salt/login/": 200, "/": 404, "/login": 404, "/salted": 404, "/salt//login": 200, "//salt/login": 200,
	} {
		head, body := s.Send(t, "GET", path, "")
		require.Equal(t, status, head.StatusCode, "%s %s", path, body)
	}
}

func TestAuthorizedIPs(t *testing.T) {
	t.Parallel()
	for allowed, status := range map[string]int{"127.0.0.1/32": 200, "10.0.0.0/8": 403} {
		s, _ := servertest.StartWithSessions(t, servertest.Answering("1"), func(c *server.Config) {
			c.Main.AuthorizedIPs = []netip.Prefix{netip.MustParsePrefix(allowed)}
		})
		head, body := s.Send(t, "GET", "/", "")
		require.Equal(t, status, head.StatusCode)
		if status == 403 {
			require.Equal(t, `{"status": 403, "return": "Bad IP"}`, body)
		}
	}
}
