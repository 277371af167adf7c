package oauth_test

import (
	"fmt"
	"net/http"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/server/oauth"
	"github.com/saltern-api/saltern/server/oauth/tenant"
	"github.com/saltern-api/saltern/server/web"
)

func ExampleAPI_Mount() {
	mux := web.NewMux()
	(&oauth.API{Issuer: new(issuer.Service), Orgs: tenant.NewOrgs("east")}).Mount(mux)
	for _, path := range []string{"/oauth/provider/token", "/oauth/tenant/east/token", oauth.MetadataPath} {
		r, _ := http.NewRequest(http.MethodPut, path, nil)
		fmt.Println(path, mux.Allowed(r))
	}
	// Output:
	// /oauth/provider/token [POST]
	// /oauth/tenant/east/token [POST]
	// /.well-known/oauth-authorization-server [GET]
}
