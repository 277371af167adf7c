package waiting_test

import (
	"context"
	"fmt"
	"time"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/watch"
	"github.com/saltern-api/saltern/server/waiting"
)

// A request waits for a job that has ended.
func Example() {
	read := func(context.Context, string, bool) (records.Job, error) {
		return records.Job{State: records.Completed}, nil
	}
	jobs := &waiting.Jobs{Watches: watch.New(read, read), Read: read, Most: 5 * time.Minute, Stopping: context.Background()}
	most, err := jobs.Parse("60s")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(jobs.End(context.Background(), "20261129231654248604", most))
	// Output: true <nil>
}
