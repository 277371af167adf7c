package auditapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/audit/auditapi"
	"github.com/saltern-api/saltern/server/caller/callertest"
	"github.com/saltern-api/saltern/server/web"
	"github.com/saltern-api/saltern/server/web/webtest"
)

// oneLine is a log with one entry.
type oneLine struct{}

func (oneLine) Find(_ context.Context, q audit.Query) (audit.Page, error) {
	return audit.Page{Entries: []json.RawMessage{json.RawMessage(`{"event":"login","user":"` + q.User + `"}`)}}, nil
}

// loggedIn allows every user with a session to read the log.
type loggedIn struct{}

func (loggedIn) May(_ context.Context, c issuer.Caller, _ role.Permission) error {
	if !c.LoggedIn {
		return &issuer.Error{Kind: issuer.Forbidden}
	}
	return nil
}

// A user reads the entries of another one.
func Example() {
	resolver, _ := callertest.New()
	mux := web.NewMux()
	(&auditapi.API{Reader: auditapi.NewReader(oneLine{}), Rights: loggedIn{}, Callers: resolver}).Mount(mux)

	r := httptest.NewRequest(http.MethodGet, "/v1/audit?user=ops", nil)
	r.Header.Set("X-Auth-Token", "session")
	w := webtest.Send(webtest.Front(mux), r)
	fmt.Println(w.Code, w.Body)
	// Output: 200 {"entries":[{"event":"login","user":"ops"}]}
}
