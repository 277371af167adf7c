package callbacks_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/callbacks"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/caller/callertest"
	"github.com/saltern-api/saltern/server/web"
	"github.com/saltern-api/saltern/server/web/webtest"
)

// oneCallback has one call-back, of every user.
type oneCallback struct{ callbacks.Store }

func (oneCallback) Callbacks(_ context.Context, q records.CallbackQuery) (records.CallbackPage, error) {
	return records.CallbackPage{Callbacks: []records.Callback{{
		ID: "mpuq7lkm4ccjxq2ttxqfk3ts7a", JID: "20261129231654248604", User: q.User, Eauth: q.Eauth, Destination: "ci",
		State: records.CallbackDelivered, Created: time.Unix(1_796_000_000, 0), Attempts: 1,
	}}}, nil
}

// none sees no job.
type none struct{}

func (none) Job(records.Job) bool     { return false }
func (none) Returns(records.Job) bool { return false }
func (none) Others() bool             { return false }

// A user lists call-backs.
func Example() {
	resolver, _ := callertest.New()
	mux := web.NewMux()
	(&callbacks.API{
		Store: oneCallback{}, Callers: resolver,
		Sees: func(context.Context, *caller.Caller) callbacks.Sight { return none{} },
	}).Mount(mux)

	r := httptest.NewRequest(http.MethodGet, "/v1/callbacks?state=delivered", nil)
	r.Header.Set("X-Auth-Token", "session")
	fmt.Println(webtest.Send(webtest.Front(mux), r).Body)
	// Output: {"callbacks":[{"id":"mpuq7lkm4ccjxq2ttxqfk3ts7a","jid":"20261129231654248604","destination":"ci","user":"saltdev","eauth":"pam","results":false,"state":"delivered","created":"2026-11-30T00:53:20Z","attempts":1}]}
}
