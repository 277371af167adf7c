package credname_test

import (
	"fmt"

	"github.com/saltern-api/saltern/internal/credname"
)

func Example() {
	fmt.Println(credname.Is("db_password"), credname.Is("tgt"))
	// Output: true false
}
