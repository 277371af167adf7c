package tokens_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/server/tokens"
)

// service stands for an *issuer.Service.
type service struct{ tokens.Tokens }

func (service) Accounts(context.Context, issuer.Caller) ([]issuer.Account, error) {
	return []issuer.Account{}, nil
}

func ExampleOperatorHandler() {
	h := tokens.OperatorHandler(service{})
	for _, path := range []string{"/v1/service-accounts", "/v1/nothing"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// 200 {"service_accounts":[]}
	// 404 {"status": 404, "return": "There is no such path"}
}
