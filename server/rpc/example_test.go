package rpc_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/saltern-api/saltern/server/caller/callertest"
	"github.com/saltern-api/saltern/server/rpc"
	"github.com/saltern-api/saltern/server/tokenapi"
	"github.com/saltern-api/saltern/server/web"
	"github.com/saltern-api/saltern/server/web/webtest"
)

// A program calls a method with an API token.
func Example() {
	resolver, _ := callertest.New()
	mux := web.NewMux()
	(&rpc.API{Callers: tokenapi.Callers{Lookup: resolver}, MaxCalls: 10}).Mount(mux)

	r := httptest.NewRequest(http.MethodPost, rpc.Path, strings.NewReader(
		`{"resource": "test", "method": "echo", "kwarg": {"message": "hello"}, "riq": 1}`))
	r.Header.Set("Authorization", "Bearer "+callertest.Secret)
	fmt.Println(webtest.Send(webtest.Front(mux), r).Body)
	// Output: {"riq":1,"ret":"hello","error":null,"warnings":[]}
}
