package rpc_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/recordstest"
	"github.com/saltern-api/saltern/records/sqlite"
	"github.com/saltern-api/saltern/server/caller/callertest"
	"github.com/saltern-api/saltern/server/jobs"
	"github.com/saltern-api/saltern/server/rpc"
	"github.com/saltern-api/saltern/server/rpc/accounts"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/tokenapi"
	"github.com/saltern-api/saltern/server/web"
	"github.com/saltern-api/saltern/server/web/webtest"
)

// oneRole is an accounts.Accounts in which everybody has the role User.
type oneRole struct{ accounts.Accounts }

func (oneRole) RightsOf(context.Context, string, string, []string) ([]string, []role.Permission, error) {
	return []string{"User"}, nil, nil
}

// nearlyEverything allows everyone everything but what is for superusers.
type nearlyEverything struct{}

// May implements method.Rights.
func (nearlyEverything) May(_ context.Context, _ issuer.Caller, p role.Permission) error {
	if p == role.Superuser {
		return &method.Error{Code: method.CodeForbidden}
	}
	return nil
}

// BenchmarkPages prints the median of the time that pages of 10,000 saved jobs and of
// many returns take over HTTP, for a user who sees all of them and is no superuser, and
// the rate of stats.null. Run it with -benchtime 1x.
func BenchmarkPages(b *testing.B) {
	returns := 1_000_000
	if n, err := strconv.Atoi(os.Getenv(recordstest.BenchEnv)); err == nil {
		returns = n
	}
	store := sqlite.Open(sqlite.Options{File: filepath.Join(b.TempDir(), "records.db")})
	defer func() { require.NoError(b, store.Close()) }()
	recordstest.FillMany(b, store, returns)
	for n := range 10_000 {
		_, err := store.PutSaved(b.Context(), records.Saved{
			Kind: records.SavedJob, ID: fmt.Sprintf("60c14cfc-09ca-4b5a-bc76-%012d", n), User: fmt.Sprint("user", n%10), Eauth: "pam",
			Name: fmt.Sprint("job ", n), Cmd: "local", Fun: "disk.usage", Readers: []string{"User"},
			Body: json.RawMessage(`{"arg":{"arg":[],"kwarg":{}},"access":{"User":{"read":true}}}`),
		})
		require.NoError(b, err)
	}
	resolver, tokens := callertest.New()
	tokens.Principals[callertest.Secret].ScopeNames = []string{"User"}
	mux := web.NewMux()
	(&rpc.API{
		Callers: tokenapi.Callers{Lookup: resolver}, Logins: &tokenapi.Logins{}, Rights: nearlyEverything{}, Accounts: oneRole{}, Library: store, MaxCalls: 10,
		Records: jobs.NewReader(&jobs.API{Records: jobs.NewRecords(store), Rights: nearlyEverything{}, Rules: acl.New([]acl.Module{{Name: "pam", Rules: acl.Map{
			{Key: "ops", Value: []any{".*", "@runner", "@wheel"}},
		}}}, acl.Options{})}),
	}).Mount(mux)
	s := httptest.NewServer(webtest.Front(mux))
	defer s.Close()
	send := func(b *testing.B, method, kwarg string) []byte {
		resource, name, _ := strings.Cut(method, ".")
		req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, s.URL+rpc.Path, strings.NewReader(fmt.Sprintf(`{"resource":%q,"method":%q,"kwarg":%s}`, resource, name, kwarg)))
		require.NoError(b, err)
		req.Header.Set("Authorization", "Bearer "+callertest.Secret)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(b, err)
		defer resp.Body.Close() //nolint:errcheck // it was read
		body, err := io.ReadAll(resp.Body)
		require.NoError(b, err)
		require.Contains(b, string(body), `"error":null`)
		return body
	}
	jid := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(returns/20)*time.Second).Format("20060102150405") + "000000"
	for _, p := range []struct{ name, method, kwarg string }{
		{"get_jobs", "job.get_jobs", `{}`},
		{"get_jobs-a-later-page", "job.get_jobs", `{"page":150}`},
		{"get_jobs-by-name", "job.get_jobs", `{"name":"77"}`},
		{"get_cmds", "cmd.get_cmds", `{}`},
		{"get_cmds-a-later-page", "cmd.get_cmds", `{"page":20}`},
		{"get_cmds-of-a-user", "cmd.get_cmds", `{"users":["user3"]}`},
		{"get_cmds-failed", "cmd.get_cmds", `{"state":["completed_failures"]}`},
		{"get_cmds-of-a-saved-job", "cmd.get_cmds", `{"job_names":["job 7"]}`},
		{"get_cmds-of-a-function", "cmd.get_cmds", `{"fun":"state.f3"}`},
		{"get_returns", "ret.get_returns", `{}`},
		{"get_returns-a-later-page", "ret.get_returns", `{"page":100}`},
		{"get_returns-of-a-command", "ret.get_returns", `{"jid":"` + jid + `"}`},
		{"get_returns-failed", "ret.get_returns", `{"has_errors":true}`},
		{"get_returns-of-a-user", "ret.get_returns", `{"user":"user3"}`},
		{"get_returns-of-a-saved-job", "ret.get_returns", `{"job_name":"job 7"}`},
		{"get_returns-between", "ret.get_returns", `{"start":"20260101030000000000","end":"20260101040000000000"}`},
		{"get_jid", "ret.get_jid", `{"jid":"` + jid + `"}`},
	} {
		b.Run(p.name, func(b *testing.B) {
			const calls = 31
			times := make([]time.Duration, calls)
			for i := range times {
				began := time.Now()
				send(b, p.method, p.kwarg)
				times[i] = time.Since(began)
			}
			slices.Sort(times)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(times[calls/2].Microseconds())/1000, "ms-median")
			b.ReportMetric(heap(), "MB-heap")
		})
	}
	b.Run("stats.null", func(b *testing.B) {
		const calls = 2000
		began := time.Now()
		for range calls {
			send(b, "stats.null", `{}`)
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(calls/time.Since(began).Seconds(), "calls/s")
		b.ReportMetric(heap(), "MB-heap")
	})
}

// heap returns what is in use, in MB.
func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapInuse) / (1 << 20)
}
