package timetable_test

import (
	"fmt"
	"time"

	"github.com/saltern-api/saltern/internal/timetable"
)

func ExampleTable_Next() {
	table, err := timetable.Parse([]byte(`{"cron": "30 2 * * *", "timezone": "Europe/Berlin"}`))
	if err != nil {
		panic(err)
	}
	// On March 29 the clocks of Berlin show no 2:30.
	due, _ := table.Next(time.Time{}, time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC))
	fmt.Println(due)
	// Output: 2026-03-29 01:00:00 +0000 UTC
}
