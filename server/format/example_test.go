package format_test

import (
	"fmt"

	"github.com/saltern-api/saltern/server/format"
)

func Example() {
	media, ok := format.Negotiate([]string{"application/x-yaml"})
	fmt.Println(media.ContentType(), ok)
	text, err := format.AppendYAML(nil, []byte(`{"return": [{"web1": true}]}`))
	fmt.Printf("%s%v\n", text, err)
	// Output:
	// application/x-yaml true
	// return:
	// - web1: true
	// <nil>
}
