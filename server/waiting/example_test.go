package waiting_test

import (
	"context"
	"fmt"
	"time"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/watch"
	"github.com/saltern-api/saltern/server/waiting"
)

// A request finds that the job, for which it would wait, has ended.
func Example() {
	read := func(context.Context, string, bool) (records.Job, error) {
		return records.Job{State: records.Completed}, nil
	}
	jobs := &waiting.Jobs{Watches: watch.New(read, read), Most: 5 * time.Minute, Stopping: context.Background()}
	most, err := jobs.Parse("60s")
	if err != nil {
		fmt.Println(err)
		return
	}
	wait := jobs.Begin("20261129231654248604", most)
	defer wait.Close()
	job, err := wait.Job(context.Background(), false)
	fmt.Println(job.State.Ended(), err)
	// Output: true <nil>
}
