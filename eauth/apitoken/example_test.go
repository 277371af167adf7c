package apitoken_test

import (
	"fmt"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

func ExampleParse() {
	secret := apitoken.NewSecret(apitoken.KindAPI)
	again, err := apitoken.Parse(secret.Reveal())
	fmt.Println(again, again.Kind(), err)
	_, err = apitoken.Parse(secret.Reveal() + "x")
	fmt.Println(err)
	// Output:
	// saltern_api_... api <nil>
	// not a token of this gateway
}
