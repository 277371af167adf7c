package authmodule_test

import (
	"fmt"

	"github.com/saltern-api/saltern/saltmaster/authmodule"
)

func Example() {
	modules := authmodule.Modules{Deciding: []string{"file"}}
	fmt.Println(modules.Says("pam"))
	fmt.Println(modules.Says("file"))
	// Output:
	// {false false }
	// {true true saltern.yaml names it in auth.deciding}
}
