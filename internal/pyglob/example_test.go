package pyglob_test

import (
	"fmt"

	"github.com/saltern-api/saltern/internal/pyglob"
)

func ExampleGlob_Match() {
	g := pyglob.Compile("salt/job/*/ret/web[!0-3]")
	fmt.Println(g.Match("salt/job/20260101/ret/web7"), g.Match("salt/job/20260101/ret/web2"))
	// Output: true false
}
