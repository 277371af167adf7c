package reminder_test

import (
	"fmt"

	"github.com/saltern-api/saltern/eauth/apitoken/memory"
	"github.com/saltern-api/saltern/eauth/apitoken/reminder"
)

func Example() {
	store := memory.New()
	defer func() { _ = store.Close() }()
	s, err := reminder.New(reminder.Options{Store: store, Days: []int{30, 7, 0}})
	if err != nil {
		fmt.Println(err)
		return
	}
	// s.Run(ctx) sends reminders until ctx ends.
	_, ok := s.Expiring()
	fmt.Println("counted:", ok)
	// Output: counted: false
}
