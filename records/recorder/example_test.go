package recorder_test

import (
	"fmt"
	"time"

	"github.com/saltern-api/saltern/records/recorder"
)

func Example() {
	e := returned(jid, "web1")
	entry, ok := recorder.Decoder{MasterID: "master", MaxValue: 1 << 16}.Decode(e.Tag, e.Data, time.Time{})
	fmt.Println(entry.Return.Minion, entry.Return.Outcome(), ok)
	// Output: web1 ok true
}
