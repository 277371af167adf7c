package records_test

import (
	"fmt"

	"github.com/saltern-api/saltern/records"
)

func ExampleReturn_Outcome() {
	for _, r := range []records.Return{
		{Minion: "web1", Success: true},
		{Minion: "web2", Success: true, Retcode: 1},
		{Minion: "web3", Missing: true},
	} {
		fmt.Println(r.Minion, r.Outcome())
	}
	// Output:
	// web1 ok
	// web2 failed
	// web3 missing
}
