package yamlin_test

import (
	"fmt"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/yamlin"
)

func Example() {
	v, err := yamlin.Document(nil, []byte("- {client: local, tgt: '*', fun: test.arg, arg: [yes, 010, 1:30]}\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	js, err := msgpack.AppendJSON(nil, v)
	fmt.Println(string(js), err)
	// Output: [{"client": "local", "tgt": "*", "fun": "test.arg", "arg": [true, 10, 90]}] <nil>
}
