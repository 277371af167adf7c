package admission_test

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/admission"
)

func ExampleQueue() {
	queue := admission.New(admission.Options{KnownGood: 8, Others: 4})
	credentials := eauth.Credentials{
		Eauth: "pam", Username: "alice", Password: "secret", RemoteAddr: netip.MustParseAddr("192.0.2.1"),
	}
	for range 2 {
		slot, err := queue.Acquire(context.Background(), credentials)
		if err != nil {
			fmt.Println(err) // eauth.ErrBusy where the queue is full
			return
		}
		fmt.Println("known good:", slot.KnownGood)
		slot.Done(admission.Right) // the verdict of the check
	}
	// Output:
	// known good: false
	// known good: true
}
