package jobs_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/caller/callertest"
	"github.com/saltern-api/saltern/server/jobs"
	"github.com/saltern-api/saltern/server/web"
	"github.com/saltern-api/saltern/server/web/webtest"
)

// oneJob has one job, of every user.
type oneJob struct{ records.Reader }

func (oneJob) Jobs(_ context.Context, q records.Query) (records.JobPage, error) {
	start, _ := records.StartOf("20261129231654248604")
	return records.JobPage{Jobs: []records.Job{{
		JID: "20261129231654248604", User: q.Filter.User, Eauth: "pam", Fun: "test.ping", State: records.New, Start: start,
	}}}, nil
}

// A user lists jobs.
func Example() {
	resolver, _ := callertest.New()
	mux := web.NewMux()
	(&jobs.API{Records: jobs.NewRecords(oneJob{}), Callers: resolver}).Mount(mux)

	r := httptest.NewRequest(http.MethodGet, "/v1/jobs?state=new", nil)
	r.Header.Set("X-Auth-Token", "session")
	fmt.Println(webtest.Send(webtest.Front(mux), r).Body)
	// Output: {"jobs":[{"jid":"20261129231654248604","user":"saltdev","eauth":"pam","fun":"test.ping","state":"new","start":"2026-11-29T23:16:54.248604Z","end":null,"expected":null,"returned":0,"succeeded":0,"failed":0}]}
}
