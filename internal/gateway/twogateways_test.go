package gateway

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records/postgres/pgtest"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
)

// Two gateways with one PostgreSQL: a job that was started at one of them is waited
// for at the other one, by the same user, and is recorded once.
func TestTwoGateways(t *testing.T) {
	t.Parallel()
	const patience = time.Minute
	returns := make(chan struct{})
	m := mastertest.Start(t, mastertest.Options{JobCache: true, Minions: []mastertest.Minion{{
		ID: "ms-0", Answer: func(ctx context.Context, _ mastertest.Job) mastertest.Return {
			select {
			case <-returns:
			case <-ctx.Done():
			}
			return mastertest.Return{Return: mastertest.JSON("true")}
		},
	}}})
	master := m.Config()
	master["netapi_enable_clients"] = []string{"local_async"}
	text, err := json.Marshal(master)
	require.NoError(t, err)
	url := filepath.Join(t.TempDir(), "url")
	require.NoError(t, os.WriteFile(url, []byte(pgtest.Start(t).Database(t)), 0o600))

	type whole struct {
		*Gateway
		*client
		session string
	}
	var both [2]whole
	for i := range both {
		conf := testConfig(t, string(text), "listen: [{address: '127.0.0.1:0'}]\nrecords: {store: postgres, url_file: "+url+"}\n")
		ctx, cancel := context.WithCancel(t.Context())
		g, err := New(ctx, conf, slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		ended := make(chan error, 1)
		go func() { ended <- g.Run(ctx) }()
		t.Cleanup(func() {
			cancel()
			require.NoError(t, <-ended)
			g.Close()
		})
		require.Eventually(t, func() bool { return g.ready(ctx) == nil && g.records.Ping(ctx) == nil }, patience, 10*time.Millisecond)
		both[i] = whole{Gateway: g, client: &client{t: t, url: "http://" + g.Addrs()[0].String()}}
		var login struct{ Return []struct{ Token string } }
		require.NoError(t, json.Unmarshal([]byte(both[i].post("/login", "",
			`{"eauth": "sharedsecret", "username": "bench", "password": "secret"}`)), &login))
		both[i].session = login.Return[0].Token
	}

	for i, at := range both {
		other := both[1-i]
		var started struct{ Return []struct{ JID string } }
		require.NoError(t, json.Unmarshal([]byte(at.post("/", at.session, `[{"client": "local_async", "tgt": "*", "fun": "test.ping"}]`)), &started))
		path := other.url + "/v1/jobs/" + started.Return[0].JID
		type shown struct {
			User, Eauth, Client, Fun, State string
			Returned                        int
			Complete                        bool
		}
		look := func(query string) (status int, s shown, err error) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, path+query, nil)
			if err != nil {
				return 0, s, err
			}
			req.Header.Set("X-Auth-Token", other.session)
			req.Close = true
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				return 0, s, err
			}
			defer resp.Body.Close() //nolint:errcheck // it was read
			if resp.StatusCode == http.StatusOK {
				err = json.NewDecoder(resp.Body).Decode(&s)
			}
			return resp.StatusCode, s, err
		}
		require.Eventually(t, func() bool {
			status, s, err := look("")
			return err == nil && status == http.StatusOK && s.State == "new"
		}, patience, 10*time.Millisecond)

		done := make(chan shown)
		go func() {
			_, s, _ := look("?wait=60s") // an error shows nothing
			done <- s
		}()
		require.Eventually(t, func() bool { return other.jobs.Len() == 1 }, patience, time.Millisecond)
		returns <- struct{}{}
		waited := <-done
		require.Equal(t, []any{"completed", 1, true}, []any{waited.State, waited.Returned, waited.Complete})
		// What only the first gateway knows comes with its own next batch.
		require.Eventually(t, func() bool {
			_, s, err := look("")
			return err == nil && s == shown{"bench", "sharedsecret", "local_async", "test.ping", "completed", 1, false}
		}, patience, 10*time.Millisecond)
		size, err := at.records.Size(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, i+1, size.Jobs)
		require.EqualValues(t, i+1, size.Returns)
	}
}
