package rpc_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/sqlite"
	"github.com/saltern-api/saltern/server/caller/callertest"
	"github.com/saltern-api/saltern/server/rpc"
	"github.com/saltern-api/saltern/server/rpc/accounts"
	"github.com/saltern-api/saltern/server/tokenapi"
	"github.com/saltern-api/saltern/server/web"
	"github.com/saltern-api/saltern/server/web/webtest"
)

// noRoles is an accounts.Accounts in which nobody has a role.
type noRoles struct{ accounts.Accounts }

func (noRoles) RightsOf(context.Context, string, string, []string) ([]string, []role.Permission, error) {
	return nil, nil, nil
}

// BenchmarkCalls measures calls with a Bearer, without a listener. get_jobs is a page of
// 10,000 saved jobs, for a superuser.
func BenchmarkCalls(b *testing.B) {
	store := sqlite.Open(sqlite.Options{File: filepath.Join(b.TempDir(), "records.db")})
	defer func() { _ = store.Close() }()
	const jobs = 10_000
	for n := range jobs {
		_, err := store.PutSaved(b.Context(), records.Saved{
			Kind: records.SavedJob, ID: fmt.Sprintf("60c14cfc-09ca-4b5a-bc76-%012d", n), User: fmt.Sprint("user", n%10), Eauth: "pam",
			Name: fmt.Sprint("job ", n), Cmd: "local", Fun: "disk.usage", Readers: []string{"User"},
			Body: json.RawMessage(`{"arg":{"arg":[],"kwarg":{}},"access":{"User":{"read":true}}}`),
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	resolver, _ := callertest.New()
	mux := web.NewMux()
	(&rpc.API{
		Callers: tokenapi.Callers{Lookup: resolver}, Logins: &tokenapi.Logins{}, Rights: everything{}, Accounts: noRoles{}, Library: store, MaxCalls: 10,
	}).Mount(mux)
	front := webtest.Front(mux)
	for name, body := range map[string]string{
		"stats.null":   `{"resource":"stats","method":"null"}`,
		"api.discover": `{"resource":"api","method":"discover"}`,
		"job.get_jobs": `{"resource":"job","method":"get_jobs","kwarg":{"page":3}}`,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodPost, rpc.Path, strings.NewReader(body))
				r.Header.Set("Authorization", "Bearer "+callertest.Secret)
				if w := webtest.Send(front, r); w.Code != http.StatusOK || strings.Contains(w.Body.String(), `"code"`) {
					b.Fatal(w.Body)
				}
			}
		})
	}
}
