package csp_test

import (
	"fmt"
	"net/http"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/server/csp"
	"github.com/saltern-api/saltern/server/oauth/tenant"
	"github.com/saltern-api/saltern/server/web"
)

func ExampleAPI_Mount() {
	mux := web.NewMux()
	(&csp.API{Issuer: new(issuer.Service), Orgs: tenant.NewOrgs()}).Mount(mux)
	r, _ := http.NewRequest(http.MethodPut, csp.AuthorizePath, nil)
	fmt.Println(mux.Allowed(r))
	// Output: [POST]
}
