package reach_test

import (
	"fmt"

	"github.com/saltern-api/saltern/internal/reach"
)

func Example() {
	fmt.Println(reach.Loopback("127.0.0.1"), reach.Loopback("hooks.example.com"))
	fmt.Println(reach.Line("a long answer\nof another host", 20))
	// Output:
	// true false
	// a long answer�of a...
}
