package netapi_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/caller/callertest"
	"github.com/saltern-api/saltern/server/format"
	"github.com/saltern-api/saltern/server/netapi"
	"github.com/saltern-api/saltern/server/web"
	"github.com/saltern-api/saltern/server/web/webtest"
)

// pong answers every call.
type pong struct{}

func (pong) Run(context.Context, lowstate.Call) (lowstate.Result, error) {
	return lowstate.Result{Answers: []lowstate.Answer{lowstate.Returns(`{"ms-1": true}`)}}, nil
}

func (pong) Streams(lowstate.Call) bool { return false }

func (pong) RunStream(
	context.Context, lowstate.Call, func(lowstate.Result, lowstate.Answer) error,
) (lowstate.Result, error) {
	return lowstate.Result{}, nil
}

func (pong) Clients() []string { return []string{"local"} }

// A client with a session runs a command.
func Example() {
	resolver, _ := callertest.New()
	api := &netapi.CherryPy{
		Calls:   netapi.Calls{Gateway: pong{}, MaxChunks: 100, Resolver: resolver},
		Formats: format.NewDecoder(),
	}
	mux := web.NewMux()
	api.Mount(mux)

	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`[{"client":"local","tgt":"*","fun":"test.ping"}]`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Auth-Token", "session")
	w := webtest.Send(webtest.Front(mux), r)
	fmt.Println(w.Code, w.Body)
	// Output: 200 {"return": [{"ms-1": true}]}
}
