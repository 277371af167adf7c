package throttle_test

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/throttle"
)

func ExampleThrottle() {
	t := throttle.New(throttle.Options{Free: 2, First: time.Hour, Most: time.Hour})
	key := throttle.KeyOf(eauth.Credentials{
		Eauth: "pam", Username: "alice", RemoteAddr: netip.MustParseAddr("192.0.2.1"),
	})
	for range 3 {
		t.Failed(key)
		fmt.Println("refused:", t.Refused(key) > 0)
	}
	t.Succeeded(key)
	fmt.Println("refused:", t.Refused(key) > 0)
	// Output:
	// refused: false
	// refused: false
	// refused: true
	// refused: false
}

func ExampleBackoff() {
	b := throttle.Backoff{Free: 3, First: time.Second, Most: time.Minute}
	for _, failures := range []int{3, 4, 5, 20} {
		fmt.Println(failures, b.Refusal(failures))
	}
	// Output:
	// 3 0s
	// 4 1s
	// 5 2s
	// 20 1m0s
}
