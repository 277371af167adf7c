package caller_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/caller/callertest"
	"github.com/saltern-api/saltern/server/web"
)

// The credential in a header becomes a caller, and the caller an authority for
// calls.
func Example() {
	resolver, _ := callertest.New()
	r := httptest.NewRequest(http.MethodGet, "/minions", nil)
	r.Header.Set("X-Auth-Token", callertest.Secret)
	x := web.NewExchange(httptest.NewRecorder(), time.Minute)

	found, err := resolver.Caller(x, r, caller.CredentialsOf(r))
	if err != nil {
		fmt.Println(err)
		return
	}
	authority, release, err := resolver.Authority(r.Context(), found)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer release()
	fmt.Println(found.User, authority.Identity.User, authority.Scope != nil)
	// Output: ops ops true
}
