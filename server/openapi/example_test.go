package openapi_test

import (
	"bytes"
	"fmt"

	"github.com/saltern-api/saltern/server/openapi"
)

func Example() {
	fmt.Println(bytes.HasPrefix(openapi.Document(), []byte("openapi: 3")))
	// Output: true
}
