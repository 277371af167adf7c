package msgpack_test

import (
	"fmt"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

func Example() {
	load, err := msgpack.AppendFromJSON(nil, []byte(`{"cmd": "publish", "arg": ["uptime", 1.0]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	arg, _ := msgpack.Raw(load).Lookup("arg")
	js, err := msgpack.AppendJSON(nil, arg)
	fmt.Println(string(js), err)
	// Output: ["uptime", 1.0] <nil>
}
