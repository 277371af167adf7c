package web_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/server/format"
	"github.com/saltern-api/saltern/server/web"
)

// answering is a server whose answers are in a store.
func answering(t *testing.T, store *spool.Store, h web.Handler) *httptest.Server {
	t.Helper()
	return answeringWith(t, func(f *web.Front) { f.Answers = store }, h)
}

func answeringWith(t *testing.T, change func(*web.Front), h web.Handler) *httptest.Server {
	t.Helper()
	m := web.NewMux(web.Errors(func(x *web.Exchange, _ *http.Request, e *web.Error) {
		x.WriteBody("text/plain", e.Status, []byte(e.Text))
	}))
	m.Handle(http.MethodGet, "/", h)
	front := &web.Front{
		Surface: "test", WriteTimeout: time.Minute, BodyTimeout: time.Minute,
		Bodies: web.NewBodies(1 << 20), Metrics: web.NewMetrics(prometheus.NewRegistry()),
		Traffic: web.NewTraffic(), Log: slog.New(slog.DiscardHandler),
		Errors: func(x *web.Exchange, _ *http.Request, e *web.Error) { x.WriteHeader(e.Status) },
		Next:   web.ClientAddr(nil, web.Negotiated(m)), Path: m.LogPath(),
	}
	change(front)
	s := httptest.NewServer(format.Compress(front))
	t.Cleanup(s.Close)
	return s
}

// lines is a JSON document of some MiB.
func lines(mebibytes int) string {
	return `{"return": ["` + strings.Repeat(`a line\n`, mebibytes<<20/8) + `"]}`
}

// However a request ends, its spool is closed.
func TestSpoolIsClosed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handle func(x *web.Exchange) error
		status int // 0 if there is no complete response
	}{
		"it is answered": {func(x *web.Exchange) error { return x.WriteSpooled(http.StatusOK, x.Spool.Since(0)) }, 200},
		"an error":       {func(*web.Exchange) error { return spool.ErrFull }, 503},
		"a panic":        {func(*web.Exchange) error { panic("no") }, 500},
		"a panic within": {func(x *web.Exchange) error {
			_ = x.WriteSpooled(http.StatusOK, x.Spool.Since(0))
			panic("no")
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := spool.NewStore(spool.Options{Create: func() (spool.File, error) { return spool.Unlinked(t.TempDir()) }})
			s := answering(t, store, func(x *web.Exchange, _ *http.Request) error {
				_, err := x.Spool.WriteString(lines(5))
				require.NoError(t, err)
				return c.handle(x)
			})
			resp, err := http.Get(s.URL)
			if err == nil {
				var body []byte
				body, err = io.ReadAll(resp.Body)
				_ = resp.Body.Close()
				if c.status == http.StatusOK {
					require.True(t, string(body) == lines(5))
				}
			}
			require.Equal(t, c.status == 0, err != nil, "%v", err)
			if c.status != 0 {
				require.Equal(t, c.status, resp.StatusCode)
			}
			requireFreed(t, store)
		})
	}
}

func requireFreed(t *testing.T, store *spool.Store) {
	t.Helper()
	require.Eventually(t, func() bool {
		memory, disk := store.Held()
		return memory == 0 && disk == 0
	}, 30*time.Second, time.Millisecond)
}

// unreadable is a file that fails when it is read.
type unreadable struct{ spool.File }

func (unreadable) ReadAt([]byte, int64) (int, error) { return 0, errors.New("input/output error") }

// A response whose file cannot be read has no end, compressed or not.
func TestUnreadableSpool(t *testing.T) {
	t.Parallel()
	store := spool.NewStore(spool.Options{Create: func() (spool.File, error) {
		f, err := spool.Unlinked(os.TempDir())
		return unreadable{f}, err
	}})
	s := answering(t, store, func(x *web.Exchange, _ *http.Request) error {
		_, err := x.Spool.WriteString(lines(5))
		require.NoError(t, err)
		return x.WriteSpooled(http.StatusOK, x.Spool.Since(0))
	})
	for _, plain := range []bool{true, false} {
		client := &http.Client{Transport: &http.Transport{DisableCompression: plain}}
		resp, err := client.Get(s.URL)
		if err == nil {
			_, err = io.ReadAll(resp.Body)
			_ = resp.Body.Close()
		}
		require.Error(t, err)
		requireFreed(t, store)
		client.CloseIdleConnections()
	}
}

// An answer that is too large to be made YAML of in memory is JSON, for who
// accepts YAML too.
func TestLargeAnswersAreJSON(t *testing.T) {
	t.Parallel()
	for mebibytes, want := range map[int]string{1: "application/x-yaml", 17: "application/json"} {
		text := lines(mebibytes)
		s := answering(t, nil, func(x *web.Exchange, _ *http.Request) error {
			_, _ = x.Spool.WriteString(text)
			return x.WriteSpooled(http.StatusOK, x.Spool.Since(0))
		})
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, nil)
		require.NoError(t, err)
		req.Header.Set("Accept", "application/x-yaml")
		resp, err := s.Client().Do(req)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, want, resp.Header.Get("Content-Type"))
		if want == "application/json" {
			require.Equal(t, text, string(body))
		}
	}
}

// Of a response that goes on after its handler, a step has a spool of its own, of which
// nothing is kept while it waits.
func TestSpoolOfSteps(t *testing.T) {
	t.Parallel()
	store := spool.NewStore(spool.Options{Create: func() (spool.File, error) { return spool.Unlinked(t.TempDir()) }})
	var steps, running atomic.Int64
	waits, begun := make(chan struct{}), make(chan struct{})
	s := answeringWith(t, func(f *web.Front) {
		f.Answers = store
		f.Go = func(g func()) {
			running.Add(1)
			go func() { defer running.Add(-1); g() }()
		}
	}, func(x *web.Exchange, r *http.Request) error {
		_, err := x.Spool.WriteString("of the handler")
		require.NoError(t, err)
		x.WriteHeader(http.StatusOK)
		until := func(begin func()) {
			if steps.Load() == 1 {
				close(waits)
				go func() { <-begun; begin() }()
				return
			}
			go begin()
		}
		require.True(t, x.Detach(r, func() {}, func() (web.Until, error) {
			if !x.Spool.Unused() {
				t.Error("it is another one's")
			}
			if steps.Add(1) == 3 {
				return nil, x.WriteSection(x.Spool.Since(0))
			}
			_, err := x.Spool.WriteString(lines(5))
			return until, err
		}))
		return nil
	})
	resp, err := http.Get(s.URL)
	require.NoError(t, err)
	defer resp.Body.Close() //nolint:errcheck // it is read whole
	<-waits
	requireFreed(t, store)
	close(begun)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Empty(t, body)
	require.EqualValues(t, 3, steps.Load())
	require.Eventually(t, func() bool { return running.Load() == 0 }, 30*time.Second, time.Millisecond)
	requireFreed(t, store)
}
