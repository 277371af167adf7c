package fiql_test

import (
	"fmt"

	"github.com/saltern-api/saltern/server/vcd/fiql"
)

func ExampleParse() {
	f, err := fiql.Parse("(name==ci-*;(type==PROXY,type==REFRESH))", "name", "type")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range []string{"ci-west", "deploy"} {
		token := map[string]string{"name": name, "type": "REFRESH"}
		fmt.Println(name, f.Match(func(field string) string { return token[field] }))
	}
	// Output:
	// ci-west true
	// deploy false
}
