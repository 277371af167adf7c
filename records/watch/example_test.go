package watch_test

import (
	"context"
	"fmt"
	"time"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/watch"
)

// A job ends while it is watched.
func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	read := func(context.Context, string, bool) (records.Job, error) {
		return records.Job{State: records.Completed}, nil
	}
	jobs := watch.New(read, read)
	go jobs.Run(ctx)

	w := jobs.Watch("20261129231654248604")
	defer w.Close()
	jobs.Recorded(records.Batch{Returns: []records.Return{{JID: "20261129231654248604", Minion: "web1", Time: time.Now()}}})
	<-w.Ended()
	fmt.Println("ended")
	// Output: ended
}
