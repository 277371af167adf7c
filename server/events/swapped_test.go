package events

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/saltmaster/eventstream"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/caller/callertest"
	"github.com/saltern-api/saltern/server/web"
	"github.com/saltern-api/saltern/server/web/webtest"
)

var errNoBus = errors.New("there is no bus")

// keepingBus records the last reader, and has no events.
type keepingBus struct{ readers []eventstream.Subject }

func (b *keepingBus) Read(req eventstream.Request) (*eventstream.Reader, error) {
	b.readers = append(b.readers, req.Subject)
	return nil, errNoBus
}

func newAPI(t *testing.T, bus Bus) *API {
	t.Helper()
	v, _ := callertest.New()
	return &API{
		Bus: bus, Resolver: v, CORS: web.NewCORS(nil, nil), Views: NewViews(), Stopping: t.Context(),
		Limits: NewLimits(settings.Default().Events, prometheus.NewRegistry()),
	}
}

// TestSwappedCaller makes a handler drop the caller, or replace it: the reader
// gets the events of the token's owner, or none.
func TestSwappedCaller(t *testing.T) {
	t.Parallel()
	root := &session.Session{ID: "root's", Token: "salt-token-of-root", User: "root", Eauth: "pam"}
	for name, c := range map[string]struct {
		swap func(readers *caller.Caller) *caller.Caller
		read bool
	}{
		"as it is":     {func(c *caller.Caller) *caller.Caller { return c }, true},
		"renamed":      {func(c *caller.Caller) *caller.Caller { c.User, c.Groups = "root", []string{"wheel"}; return c }, true},
		"a session":    {func(c *caller.Caller) *caller.Caller { c.Session = root; return c }, true},
		"forgotten":    {func(*caller.Caller) *caller.Caller { return nil }, false},
		"no principal": {func(c *caller.Caller) *caller.Caller { c.Principal = nil; return c }, false},
	} {
		bus := new(keepingBus)
		s := newAPI(t, bus)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/events", nil)
		r.Header.Set("X-Auth-Token", callertest.Secret)
		x := web.NewExchange(httptest.NewRecorder(), time.Minute)
		readers, err := s.Resolver.Caller(x, r, caller.CredentialsOf(r))
		require.NoError(t, err, name)
		readers = c.swap(readers)
		_, err = s.read(readers, nil, "")
		ctx, done := s.follow(t.Context(), readers)
		hold := s.hold(readers)
		require.Equal(t, ctx.Err(), hold.Context().Err(), name)
		hold.Release()
		if c.read {
			require.ErrorIs(t, err, errNoBus, name)
			require.Equal(t, []eventstream.Subject{{User: "ops", Eauth: "pam"}}, bus.readers, name)
			require.NoError(t, ctx.Err(), name)
		} else {
			require.Empty(t, bus.readers, name)
			require.Error(t, ctx.Err(), name)
		}
		done()
	}
}

// The streams of one credential follow it once, until the last of them has ended.
func TestStreamsShareTheirCredential(t *testing.T) {
	t.Parallel()
	s := newAPI(t, new(keepingBus))
	reader := func() *caller.Caller {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/events", nil)
		r.Header.Set("X-Auth-Token", callertest.Secret)
		c, err := s.Resolver.Caller(web.NewExchange(httptest.NewRecorder(), time.Minute), r, caller.CredentialsOf(r))
		require.NoError(t, err)
		return c
	}
	first, second := s.hold(reader()), s.hold(reader())
	require.Same(t, first.Context(), second.Context())
	first.Release()
	require.NoError(t, second.Context().Err())
	ctx := second.Context()
	second.Release()
	require.Error(t, ctx.Err())
}

// TestNoEventsWithoutCredential opens no stream without a credential.
func TestNoEventsWithoutCredential(t *testing.T) {
	t.Parallel()
	bus := new(keepingBus)
	m := web.NewMux()
	newAPI(t, bus).Mount(m)
	front := webtest.Front(m)
	for _, path := range []string{"/events", "/ws", "/ws/wrong", "/all_events/wrong", "/formatted_events/wrong"} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		r.Header.Set("Connection", "upgrade")
		r.Header.Set("Upgrade", "websocket")
		require.Equal(t, http.StatusUnauthorized, webtest.Send(front, r).Code, path)
	}
	require.Empty(t, bus.readers)
}
