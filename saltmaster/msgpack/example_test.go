package msgpack_test

import (
	"fmt"
	"strings"

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

func ExampleSection() {
	file := strings.NewReader("\x82\xa6return\xa5hello\xa7retcode\x00") // or an *os.File
	s := msgpack.NewSection(file, 0, file.Size())
	ret, ok, err := s.Lookup("return")
	v, _ := ret.Raw()
	js, _ := msgpack.AppendJSON(nil, v)
	fmt.Println(string(js), ok, err)
	// Output: "hello" true <nil>
}

func ExampleEntries() {
	var e msgpack.Entries
	e.Add("web1", msgpack.NewSection(strings.NewReader("\xa5hello"), 0, 6)) // or an *os.File
	e.Add("web2", msgpack.InMemory([]byte{0xc3}))
	v, err := e.Section().Raw()
	js, _ := msgpack.AppendJSON(nil, v)
	fmt.Println(string(js), err)
	// Output: {"web1": "hello", "web2": true} <nil>
}
