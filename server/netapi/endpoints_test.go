package netapi_test

import (
	"archive/tar"
	"context"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/servertest"
)

// recording is a gateway that answers each call with the next of the answers,
// and records the calls.
type recording struct {
	answers []string
	chunks  []string // the chunks, as JSON
	jid     string
}

func (g *recording) gateway(t *testing.T) servertest.Gateway {
	return servertest.Gateway(func(_ context.Context, call *servertest.Call) ([][]byte, error) {
		call.Records = make([]lowstate.Record, len(call.Chunks))
		var out [][]byte
		for i, c := range call.Chunks {
			g.chunks = append(g.chunks, chunkText(t, c))
			out = append(out, []byte(g.answers[0]))
			g.answers = g.answers[1:]
			call.Records[i].JID = g.jid
		}
		return out, nil
	})
}

func chunkText(t *testing.T, c lowstate.Chunk) string {
	t.Helper()
	var b []string
	for _, key := range []string{"client", "tgt", "fun", "jid", "match", "id_", "mid", "keysize"} {
		if v, ok := c.Get(key); ok {
			text, err := msgpack.AppendJSON(nil, v)
			require.NoError(t, err)
			b = append(b, key+"="+string(text))
		}
	}
	return strings.Join(b, " ")
}

const listJob = `{"jid": "20261122133409055051", "Function": "test.ping", "Result": ` +
	`{"b": {"return": true, "retcode": 0}, "a": {"return": {"z": 1.0}}, "c": {}}}`

func TestConvenienceURLs(t *testing.T) {
	t.Parallel()
	const jid = "20261122133409055051"
	for name, c := range map[string]struct {
		method, path, body string
		answers            []string
		chunks             []string
		status             int
		want               string
	}{
		"minions": {"GET", "/minions", "", []string{`{"a": {"os": "x"}}`},
			[]string{`client="local" tgt="*" fun="grains.items"`}, 200, `{"return": [{"a": {"os": "x"}}]}`},
		"minion": {"GET", "/minions/web*", "", []string{`{}`},
			[]string{`client="local" tgt="web*" fun="grains.items"`}, 200, `{"return": [{}]}`},
		"minion by query": {"GET", "/minions?mid=a", "", []string{`{}`},
			[]string{`client="local" tgt="a" fun="grains.items"`}, 200, `{"return": [{}]}`},
		"jobs of minions": {"POST", "/minions", `[{"tgt": "*", "fun": "test.ping", "client": "wheel"}]`, []string{`{"jid": "` + jid + `", "minions": ["a"]}`},
			[]string{`client="local_async" tgt="*" fun="test.ping"`}, 202,
			`{"return": [{"jid": "` + jid + `", "minions": ["a"]}], "_links": {"jobs": [{"href": "/jobs/` + jid + `"}]}}`},
		"no such minion": {"POST", "/minions", `{"tgt": "x", "fun": "test.ping"}`, []string{`{}`},
			[]string{`client="local_async" tgt="x" fun="test.ping"`}, 202, `{"return": [{}], "_links": {"jobs": []}}`},
		"jobs": {"GET", "/jobs", "", []string{`{"` + jid + `": {}}`},
			[]string{`client="runner" fun="jobs.list_jobs"`}, 200, `{"return": [{"` + jid + `": {}}]}`},
		"job": {"GET", "/jobs/" + jid, "", []string{listJob},
			[]string{`client="runner" fun="jobs.list_job" jid="` + jid + `"`}, 200,
			`{"info": [` + listJob + `], "return": [{"b": true, "a": {"z": 1.0}, "c": null}]}`},
		"job by query": {"GET", "/jobs?jid=" + jid, "", []string{listJob},
			[]string{`client="runner" fun="jobs.list_job" jid="` + jid + `"`}, 200, ""},
		"job of a master with unique_jid": {"GET", "/jobs/" + jid + "_1234", "", []string{listJob},
			[]string{`client="runner" fun="jobs.list_job" jid="` + jid + `_1234"`}, 200, ""},
		"job with a timeout": {"GET", "/jobs/" + jid + "/5", "", []string{listJob},
			[]string{`client="runner" fun="jobs.list_job" jid="` + jid + `"`}, 200, ""},
		"a path for a jid": {"GET", "/jobs/..%2Fx", "", nil, nil, 200,
			`{"info": [{"jid": "../x", "Error": "Cannot contact returner or no job with this jid", "StartTime": "", "Result": {}}], "return": [{}]}`},
		"too long a path": {"GET", "/jobs/" + jid + "/5/6", "", nil, nil, 404, ""},
		"bad jid": {"GET", "/jobs/abc", "", nil, nil, 200,
			`{"info": [{"jid": "abc", "Error": "Cannot contact returner or no job with this jid", "StartTime": "", "Result": {}}], "return": [{}]}`},
		"job is a text": {"GET", "/jobs/99999999999999999999", "", []string{`"no date"`},
			[]string{`client="runner" fun="jobs.list_job" jid="99999999999999999999"`}, 200,
			`{"info": [{"jid": "99999999999999999999", "Error": "Cannot contact returner or no job with this jid", "StartTime": "", "Result": {}}], "return": [{}]}`},
		"job of a master that fails": {"GET", "/jobs/" + jid, "", []string{`"Exception occurred"`},
			[]string{`client="runner" fun="jobs.list_job" jid="` + jid + `"`}, 500,
			`{"status": 500, "return": "An unexpected error occurred"}`},
		"keys": {"GET", "/keys", "", []string{`{"tag": "t", "data": {"return": {"minions": ["a"]}, "success": true}}`},
			[]string{`client="wheel" fun="key.list_all"`}, 200, `{"return": {"minions": ["a"]}}`},
		"fingerprints": {"GET", "/keys/a*", "", []string{`{"tag": "t", "data": {}}`},
			[]string{`client="wheel" fun="key.finger" match="a*"`}, 200, `{"return": {}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := &recording{answers: c.answers, jid: jid}
			s, _ := servertest.StartWithSessions(t, g.gateway(t), nil)
			head, body := s.Send(t, c.method, c.path, c.body, servertest.AuthToken+servertest.SessionID)
			require.Equal(t, c.status, head.StatusCode, body)
			require.Equal(t, c.chunks, g.chunks)
			if c.want != "" {
				require.Equal(t, c.want, body)
			}
		})
	}
}

func TestNewKeys(t *testing.T) {
	t.Parallel()
	g := &recording{answers: []string{`{"tag": "t", "data": {"return": {"pub": "PUB", "priv": "PRIV\n"}}}`}}
	s, _ := servertest.StartWithSessions(t, g.gateway(t), nil)
	head, body := s.Send(t, "POST", "/keys", `{"mid": "wéb-1.x", "keysize": "2048", "token": "`+servertest.SaltToken+`"}`)
	require.Equal(t, 200, head.StatusCode)
	require.Equal(t, []string{`client="wheel" fun="key.gen_accept" id_="wéb-1.x" keysize=2048`}, g.chunks)
	require.Equal(t, "application/x-tar", head.Header.Get("Content-Type"))
	require.Equal(t, `attachment; filename="saltkeys-wéb-1.x.tar"`, head.Header.Get("Content-Disposition"))
	require.Len(t, body, 10240)
	archive := tar.NewReader(strings.NewReader(body))
	for _, want := range []struct{ name, text string }{{"minion.pub", "PUB"}, {"minion.pem", "PRIV\n"}} {
		h, err := archive.Next()
		require.NoError(t, err)
		require.Equal(t, want.name, h.Name)
		require.EqualValues(t, 0o644, h.Mode)
		text, err := io.ReadAll(archive)
		require.NoError(t, err)
		require.Equal(t, want.text, string(text))
	}
	_, err := archive.Next()
	require.ErrorIs(t, err, io.EOF)

	head, body = s.Send(t, "POST", "/keys", `{"token": "`+servertest.SaltToken+`"}`)
	require.Equal(t, 400, head.StatusCode)
	require.Equal(t, `{"status": 400, "return": "mid is missing"}`, body)
	for _, id := range []string{"", ".", "..", "../x", "a/b", `a\\b`, "a\nb", "a\u0000b", `a\"b`, strings.Repeat("x", 256)} {
		text, err := json.Marshal(id)
		require.NoError(t, err)
		head, body = s.Send(t, "POST", "/keys", `{"mid": `+string(text)+`, "token": "`+servertest.SaltToken+`"}`)
		require.Equal(t, 400, head.StatusCode, "%q", id)
		require.Equal(t, `{"status": 400, "return": "mid cannot be the id of a minion"}`, body)
	}
}

// TestStats compares with the names of the figures of CherryPy 18.10 and
// cheroot 11.
func TestStats(t *testing.T) {
	t.Parallel()
	s, _ := servertest.StartWithSessions(t, servertest.Answering("1"), nil)
	head, _ := s.Send(t, "GET", "/stats", "")
	require.Equal(t, 401, head.StatusCode)
	s.Send(t, "GET", "/", "")
	head, body := s.Send(t, "GET", "/stats", "", servertest.AuthToken+servertest.SessionID)
	require.Equal(t, 200, head.StatusCode)
	var stats map[string]map[string]any
	require.NoError(t, json.Unmarshal([]byte(body), &stats))
	apps := stats["CherryPy Applications"]
	require.EqualValues(t, 3, apps["Total Requests"])
	require.EqualValues(t, 1, apps["Current Requests"])
	require.ElementsMatch(t, []string{
		"Enabled", "Bytes Read/Request", "Bytes Read/Second", "Bytes Written/Request", "Bytes Written/Second",
		"Current Time", "Current Requests", "Requests/Second", "Server Version", "Start Time", "Total Bytes Read",
		"Total Bytes Written", "Total Requests", "Total Time", "Uptime", "Requests",
	}, slices.Collect(maps.Keys(apps)))
	for _, name := range []string{"Cheroot HTTPServer 1", "CherryPy HTTPServer 1"} {
		require.ElementsMatch(t, []string{
			"Enabled", "Bind Address", "Run time", "Accepts", "Accepts/sec", "Queue", "Threads", "Threads Idle",
			"Socket Errors", "Requests", "Bytes Read", "Bytes Written", "Work Time", "Read Throughput",
			"Write Throughput", "Worker Threads",
		}, slices.Collect(maps.Keys(stats[name])), name)
	}
	require.Len(t, stats, 3)
	require.NotContains(t, body, "127.0.0.1")
}

func TestStatsForAnybody(t *testing.T) {
	t.Parallel()
	s, _ := servertest.StartWithSessions(t, servertest.Answering("1"), func(c *server.Config) { c.Main.StatsDisableAuth = true })
	head, body := s.Send(t, "GET", "/stats", "")
	require.Equal(t, 200, head.StatusCode)
	require.Contains(t, body, "CherryPy Applications")
}

func TestNoSessions(t *testing.T) {
	t.Parallel()
	s, _ := servertest.StartWithSessions(t, servertest.Answering("1"), func(c *server.Config) { c.Main.NoSessions = true })
	for _, path := range []string{"/login", "/logout", "/minions", "/minions/a", "/jobs", "/jobs/1"} {
		head, _ := s.Send(t, "POST", path, servertest.Ping)
		require.Equal(t, 404, head.StatusCode, path)
	}
	head, _ := s.Send(t, "POST", "/run", servertest.Ping)
	require.Equal(t, 200, head.StatusCode)
}

func TestAPIACL(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		users  map[string][]string
		status int
	}{
		"nobody":        {nil, 401},
		"any address":   {map[string][]string{"saltdev": {"*"}}, 200},
		"this address":  {map[string][]string{"saltdev": {"10.1.1.1", "127.0.0.1"}}, 200},
		"another":       {map[string][]string{"saltdev": {"10.1.1.1"}, "*": {"*"}}, 401},
		"everybody":     {map[string][]string{"*": {"127.0.0.0/8"}}, 200},
		"somebody else": {map[string][]string{"root": {"*"}}, 401},
		"no address":    {map[string][]string{"saltdev": nil, "*": {"*"}}, 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := servertest.StartWithSessions(t, servertest.Answering("1"), func(cfg *server.Config) { cfg.Main.APIACL = &server.APIACL{Users: c.users} })
			head, body := s.Send(t, "POST", "/login", servertest.Login)
			require.Equal(t, c.status, head.StatusCode, body)
			if c.status == 401 {
				require.Equal(t, `{"status": 401, "return": "No permission -- see authorization schemes"}`, body)
			}
		})
	}
}
