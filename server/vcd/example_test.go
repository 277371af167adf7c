package vcd_test

import (
	"fmt"
	"net/http"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/server/oauth/tenant"
	"github.com/saltern-api/saltern/server/vcd"
	"github.com/saltern-api/saltern/server/web"
)

func ExampleAPI_Mount() {
	mux := web.NewMux()
	(&vcd.API{Issuer: new(issuer.Service), Orgs: tenant.NewOrgs("east")}).Mount(mux)
	for _, path := range []string{"/api/versions", vcd.DeviceLookupPath, "/cloudapi/1.0.0/sessions/current"} {
		r, _ := http.NewRequest(http.MethodPut, path, nil)
		fmt.Println(path, mux.Allowed(r))
	}
	// Output:
	// /api/versions [GET]
	// /cloudapi/1.0.0/deviceLookup [GET POST]
	// /cloudapi/1.0.0/sessions/current [GET DELETE]
}
