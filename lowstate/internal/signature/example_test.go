package signature_test

import (
	"fmt"

	"github.com/saltern-api/saltern/lowstate/internal/signature"
)

func Example() {
	stock := signature.Stock()
	fmt.Println(stock["jobs.lookup_jid"].Takes("jid"), stock["jobs.lookup_jid"].Takes("tgt"))
	// Output: true false
}
