package callback_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/internal/signedpost"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/callback"
	"github.com/saltern-api/saltern/records/postgres"
	"github.com/saltern-api/saltern/records/postgres/pgtest"
	"github.com/saltern-api/saltern/records/recordstest"
	"github.com/saltern-api/saltern/records/sqlite"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// childEnv is the environment variable with the file and the URL for the child of
// TestKilled.
const childEnv = "SALTERN_TEST_CALLBACK"

func TestMain(m *testing.M) {
	if file, url, ok := strings.Cut(os.Getenv(childEnv), " "); ok {
		store := sqlite.Open(sqlite.Options{File: file})
		s, err := callback.New(store, callback.Options{Timeout: 5 * time.Second, Destinations: []callback.Destination{ci(url, false)}})
		if err == nil {
			s.Run(context.Background())
		}
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

var secret = []byte("shared")

func ci(url string, results bool) callback.Destination {
	p, err := signedpost.New(signedpost.Options{URL: url, Secret: secret, Timeout: 20 * time.Second})
	if err != nil {
		panic(err)
	}
	return callback.Destination{Name: "ci", Post: p, Results: results}
}

// receiver keeps what it gets, and answers with what answer returns.
type receiver struct {
	*httptest.Server
	arrived chan document
}

type document struct {
	callback.Document
	Results []struct {
		callback.Result
		Return any
	} `json:"results"`
	size int
}

func newReceiver(t *testing.T, answer func(n int, w http.ResponseWriter)) *receiver {
	t.Helper()
	r := &receiver{arrived: make(chan document, 1000)}
	var mu sync.Mutex
	n := 0
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err == nil {
			err = signedpost.Verify(secret, req.Header.Get(signedpost.Header), body, time.Now(), time.Minute)
		}
		d := document{size: len(body)}
		if err == nil {
			err = json.Unmarshal(body, &d)
		}
		if err != nil || req.Header.Get("Idempotency-Key") != d.ID {
			t.Errorf("%v: %s", err, body)
		}
		r.arrived <- d
		mu.Lock()
		n++
		now := n
		mu.Unlock()
		if answer != nil {
			answer(now, w)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) next(t *testing.T) document {
	t.Helper()
	select {
	case d := <-r.arrived:
		return d
	case <-time.After(time.Minute):
		require.Fail(t, "nothing arrives")
		return document{}
	}
}

// start runs a service until the end of the test.
func start(t *testing.T, store callback.Store, d callback.Destination) *callback.Service {
	t.Helper()
	s, err := callback.New(store, callback.Options{Destinations: []callback.Destination{d}})
	require.NoError(t, err)
	t.Cleanup((&service{Service: s}).start(t))
	return s
}

func put(t *testing.T, s records.Store, jid string, minions ...string) {
	t.Helper()
	_, err := s.Put(t.Context(), records.Batch{Jobs: []records.Job{{JID: jid, User: "ops", Eauth: "pam", Fun: "test.ping", Minions: minions}}})
	require.NoError(t, err)
}

// ret records what a minion returned, and tells the service of an end.
func ret(t *testing.T, s records.Store, c *callback.Service, jid, minion string, value []byte) {
	t.Helper()
	changes, err := s.Put(t.Context(), records.Batch{Returns: []records.Return{{JID: jid, Minion: minion, Time: time.Now(), Success: true, Value: value}}})
	require.NoError(t, err)
	if c != nil && len(changes.Ended) > 0 {
		c.Ended(changes.Ended)
	}
}

func TestStores(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	for name, newDatabase := range map[string]func(t *testing.T) func() records.Store{
		"sqlite": func(t *testing.T) func() records.Store {
			file := filepath.Join(t.TempDir(), "records.db")
			return func() records.Store { return sqlite.Open(sqlite.Options{File: file}) }
		},
		"postgres": func(t *testing.T) func() records.Store {
			url := server.Database(t)
			return func() records.Store {
				s, err := postgres.Open(postgres.Options{URL: url})
				require.NoError(t, err)
				return s
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for part, test := range map[string]func(*testing.T, func() records.Store){
				"document": testDocument, "large": testLarge, "away first": testAwayFirst, "two gateways": testTwoGateways,
			} {
				t.Run(part, func(t *testing.T) {
					t.Parallel()
					open := newDatabase(t)
					test(t, func() records.Store {
						s := open()
						t.Cleanup(func() { require.NoError(t, s.Close()) })
						return s
					})
				})
			}
		})
	}
}

func testDocument(t *testing.T, open func() records.Store) {
	r := newReceiver(t, nil)
	store := open()
	s := start(t, store, ci(r.URL, true))
	put(t, store, jid, "web1", "web2", "web3")
	c, err := s.Add(t.Context(), ops, jid, "ci", true)
	require.NoError(t, err)
	ret(t, store, s, jid, "web1", msgpack.AppendString(nil, "<&>\x01"))
	ret(t, store, s, jid, "web2", []byte{0xc1}) // no msgpack
	_, err = store.Put(t.Context(), records.Batch{Returns: []records.Return{{JID: jid, Minion: "web4", Time: time.Now(), Omitted: true, Size: 1 << 20}}})
	require.NoError(t, err)
	changes, err := store.Put(t.Context(), records.Batch{Ends: []records.End{{JID: jid, Time: time.Now()}}})
	require.NoError(t, err)
	s.Ended(changes.Ended)
	d := r.next(t)
	require.Equal(t, c.ID, d.ID)
	require.Equal(t, 1, d.Attempt)
	require.WithinDuration(t, time.Now(), d.Time, time.Minute)
	j, err := store.Job(t.Context(), jid, false)
	require.NoError(t, err)
	three := 3
	require.Equal(t, callback.Job{
		JID: jid, User: "ops", Fun: "test.ping", State: records.MissingReturns, Start: j.Start, End: j.End,
		Expected: &three, Returned: 3, Succeeded: 2, Failed: 1,
	}, d.Job)
	require.True(t, *d.Complete)
	require.Len(t, d.Results, 4)
	require.Equal(t, "<&>\x01", d.Results[0].Return)
	require.Equal(t, records.OK, d.Results[0].State)
	require.True(t, d.Results[1].Omitted)
	require.Equal(t, callback.Result{Minion: "web3", State: records.Missing}, d.Results[2].Result)
	require.True(t, d.Results[3].Omitted)

	// The caller may not see what was returned, though the destination may have it.
	_, err = s.Add(t.Context(), ops, jid, "ci", false)
	require.NoError(t, err)
	d = r.next(t)
	require.Nil(t, d.Results)
	require.Nil(t, d.Complete)
}

// What is beyond the bound is left out, and the document says so.
func testLarge(t *testing.T, open func() records.Store) {
	r := newReceiver(t, nil)
	store := open()
	s := start(t, store, ci(r.URL, true))
	var minions []string
	for n := range 40 {
		minions = append(minions, fmt.Sprintf("web%02d", n))
	}
	put(t, store, jid, minions...)
	_, err := s.Add(t.Context(), ops, jid, "ci", true)
	require.NoError(t, err)
	value := msgpack.AppendString(nil, strings.Repeat("x", 50_000))
	for _, m := range minions {
		ret(t, store, s, jid, m, value)
	}
	d := r.next(t)
	require.False(t, *d.Complete)
	require.Len(t, d.Results, 20)
	require.Less(t, d.size, callback.MaxResults+1000)
	require.Equal(t, 40, d.Job.Returned)
}

// The destination is away first, and the gateway is restarted meanwhile.
func testAwayFirst(t *testing.T, open func() records.Store) {
	store := open()
	r := newReceiver(t, func(n int, w http.ResponseWriter) {
		if n == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	s, err := callback.New(store, callback.Options{Destinations: []callback.Destination{ci(r.URL, false)}})
	require.NoError(t, err)
	stop := (&service{Service: s}).start(t)
	put(t, store, jid, "web1")
	p, err := s.Reserve(t.Context(), ops, "ci")
	require.NoError(t, err)
	ret(t, store, s, jid, "web1", nil)
	p.Keep(t.Context(), jid)
	require.Equal(t, p.ID(), r.next(t).ID)
	require.Eventually(t, func() bool {
		c, err := store.Callback(t.Context(), p.ID())
		return err == nil && c.Error == "the answer is 503"
	}, recordstest.Patience, recordstest.Pause)
	stop()
	start(t, store, ci(r.URL, false))
	d := r.next(t)
	require.Equal(t, p.ID(), d.ID)
	require.Equal(t, 2, d.Attempt)
	require.Eventually(t, func() bool {
		c, err := store.Callback(t.Context(), p.ID())
		return err == nil && c.State == records.CallbackDelivered
	}, recordstest.Patience, recordstest.Pause)
}

// Of two gateways with one database one delivers.
func testTwoGateways(t *testing.T, open func() records.Store) {
	r := newReceiver(t, nil)
	one, two := open(), open()
	a, b := start(t, one, ci(r.URL, false)), start(t, two, ci(r.URL, false))
	const many = 40
	want := make(map[string]bool)
	for n := range many {
		jid := fmt.Sprintf("20261122133409%06d", n)
		put(t, one, jid, "web1")
		s := a
		if n%2 == 0 {
			s = b
		}
		c, err := s.Add(t.Context(), ops, jid, "ci", false)
		require.NoError(t, err)
		want[c.ID] = true
	}
	for n := range many {
		ret(t, one, a, fmt.Sprintf("20261122133409%06d", n), "web1", nil)
	}
	b.Ended(nil)
	for range many {
		d := r.next(t)
		require.True(t, want[d.ID], "twice")
		delete(want, d.ID)
	}
	require.Eventually(t, func() bool {
		counts, err := one.CountCallbacks(t.Context())
		return err == nil && counts == records.CallbackCounts{}
	}, recordstest.Patience, recordstest.Pause)
	require.Empty(t, r.arrived)
}

// A gateway is killed while a destination has the document and has not answered.
func TestKilled(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "records.db")
	killed := make(chan struct{})
	r := newReceiver(t, func(n int, _ http.ResponseWriter) {
		if n == 1 {
			<-killed
		}
	})
	store := sqlite.Open(sqlite.Options{File: file})
	defer func() { require.NoError(t, store.Close()) }()
	put(t, store, jid, "web1")
	s, err := callback.New(store, callback.Options{Destinations: []callback.Destination{ci(r.URL, false)}})
	require.NoError(t, err)
	c, err := s.Add(t.Context(), ops, jid, "ci", false)
	require.NoError(t, err)
	ret(t, store, nil, jid, "web1", nil) // and the gateway is killed before it takes notice

	run := func() *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), childEnv+"="+file+" "+r.URL)
		require.NoError(t, cmd.Start())
		return cmd
	}
	first := run()
	require.Equal(t, c.ID, r.next(t).ID)
	require.NoError(t, first.Process.Kill())
	require.Error(t, first.Wait())
	close(killed)
	second := run()
	d := r.next(t)
	require.Equal(t, c.ID, d.ID)
	require.Equal(t, 2, d.Attempt)
	require.Eventually(t, func() bool {
		c, err := store.Callback(t.Context(), c.ID)
		return err == nil && c.State == records.CallbackDelivered
	}, recordstest.Patience, recordstest.Pause)
	require.NoError(t, second.Process.Kill())
	require.Error(t, second.Wait())
	require.Empty(t, r.arrived)
}
