package method_test

import (
	"context"
	"fmt"

	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/rpc/rpctest"
)

// A method is declared with a struct for its parameters, and called.
func Example() {
	type greeting struct {
		Name  string `rpc:"name,required" doc:"Who is greeted."`
		Times int    `rpc:"times" default:"1" min:"1" doc:"How often."`
	}
	m := method.New(method.About{Name: "test.greet", Doc: "Greet somebody.", Returns: "a text", Served: true},
		func(_ context.Context, _ *method.Call, p greeting) (any, error) {
			return fmt.Sprintf("hello, %s, %d times", p.Name, p.Times), nil
		})
	fmt.Println(m.Signature())
	fmt.Println(rpctest.Do([]*method.Method{m}, "test.greet", `{"name": "bob", "times": "2"}`))
	fmt.Println(rpctest.Do([]*method.Method{m}, "test.greet", `{"name": "bob", "times": 0}`))
	// Output:
	// (name, times=1)
	// "hello, bob, 2 times"
	// times: it is less than 1
}
