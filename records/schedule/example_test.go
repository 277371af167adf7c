package schedule_test

import (
	"context"
	"fmt"
	"time"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/schedule"
)

// printer stands for what runs commands.
type printer struct{}

// Run implements schedule.Runner.
func (printer) Run(_ context.Context, s records.Schedule, _ time.Time) schedule.Outcome {
	fmt.Println("run", s.Name, "as", s.User)
	return schedule.Outcome{State: records.RunStarted, JID: "20261129120054248604"}
}

func ExampleService_Run() {
	now := time.Now()
	store := newFake(records.Schedule{
		ID: "1", Version: 1, Name: "backup", User: "ops", Enabled: true, Due: now, Start: now, Body: []byte(`{"schedule":{"cron":"@daily"}}`),
	})
	ended := make(chan struct{})
	s := schedule.New(store, schedule.Options{Tell: func(_ context.Context, r records.Run) {
		fmt.Println(r.State, r.JID)
		close(ended)
	}})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { s.Run(ctx, printer{}); close(done) }()
	<-ended
	stop()
	<-done
	// Output:
	// run backup as ops
	// started 20261129120054248604
}
