package gateway

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/sqlite"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

const recordedJID = "20261129231654248604"

// recordJob records a job of the user that may run test functions only.
func recordJob(t *testing.T, stateDir string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(stateDir, 0o700))
	store := sqlite.Open(sqlite.Options{File: filepath.Join(stateDir, "records.db")})
	at := time.Date(2026, 11, 29, 23, 16, 58, 0, time.UTC)
	_, err := store.Put(t.Context(), records.Batch{
		Jobs: []records.Job{{
			JID: recordedJID, User: sandbox.UserTestOnly, Eauth: "sharedsecret", Client: "local", Fun: "test.ping", Tgt: "*", TgtType: "glob",
			Minions: []string{"ms--0", "ms--1", "ms--2"},
		}},
		Returns: []records.Return{
			{JID: recordedJID, Minion: "ms--0", Time: at, Success: true, Value: msgpack.AppendBool(nil, true)},
			{JID: recordedJID, Minion: "ms--1", Time: at, Retcode: 2, Value: msgpack.AppendString(nil, "no")},
		},
		Ends: []records.End{{JID: recordedJID, Time: at}},
	})
	require.NoError(t, err)
	require.NoError(t, store.Close())
}

// TestRecordedJobs reads the records of a gateway. A user that may not look up
// jobs at the master sees no more than that user's own.
func TestRecordedJobs(t *testing.T) {
	t.Parallel()
	g := start(t, options{before: recordJob})
	all := g.login(t, sandbox.UserAll).Header.Get("X-Auth-Token")
	own := g.login(t, sandbox.UserTestOnly).Header.Get("X-Auth-Token")
	for _, session := range []string{all, own} {
		a := g.get(t, "/v1/jobs?state=missing_returns&count=true&user="+sandbox.UserTestOnly, session)
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		require.Contains(t, a.Body, `{"jobs":[{"jid":"`+recordedJID+`","user":"`+sandbox.UserTestOnly+`",`)
		require.Contains(t, a.Body, `"count":{"total":1,"by_state":{"missing_returns":1}}}`)
		a = g.get(t, "/v1/jobs/"+recordedJID+"/returns?state=failed", session)
		require.JSONEq(t, `{"returns": [{"minion": "ms--1", "state": "failed", "time": "2026-11-29T23:16:58Z", "fun": "test.ping",
			"success": false, "retcode": 2, "size": 3, "return": "no"}]}`, a.Body)
		require.Equal(t, http.StatusOK, g.get(t, "/v1/jobs/"+recordedJID+"/returns/ms--0", session).Status)
		require.Equal(t, http.StatusBadRequest, g.get(t, "/v1/jobs?sort=best", session).Status)
	}
	require.Equal(t, http.StatusUnauthorized, g.get(t, "/v1/jobs", "").Status)
}

// TestHiddenJobs has jobs of others that events_acl hides, and a gateway without
// records.
func TestHiddenJobs(t *testing.T) {
	t.Parallel()
	g := start(t, options{settings: "events_acl: [{tags: saltern/nothing}]\n", before: recordJob})
	session := g.login(t, sandbox.UserAll).Header.Get("X-Auth-Token")
	a := g.get(t, "/v1/jobs?count=true", session)
	require.JSONEq(t, `{"jobs": [], "count": {"total": 0, "by_state": {}}}`, a.Body, "events_acl hides the jobs of others")
	require.Equal(t, http.StatusNotFound, g.get(t, "/v1/jobs/"+recordedJID, session).Status)

	g = start(t, options{settings: "records: {store: 'off'}\n"})
	session = g.login(t, sandbox.UserAll).Header.Get("X-Auth-Token")
	require.Equal(t, http.StatusNotFound, g.get(t, "/v1/jobs", session).Status)
}
