package tokenapi_test

import (
	"fmt"

	"github.com/saltern-api/saltern/server/tokenapi"
)

func ExampleParseForm() {
	p, err := tokenapi.ParseForm([]byte("grant_type=refresh_token&refresh_token=T&scope="))
	fmt.Println(p["grant_type"], p["refresh_token"], len(p), err)

	_, err = tokenapi.ParseForm([]byte("refresh_token=T&refresh_token=U"))
	fmt.Println(err)
	// Output:
	// refresh_token T 2 <nil>
	// a parameter is given more than once
}
