package fair_test

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/saltern-api/saltern/internal/fair"
)

func Example() {
	slots := fair.NewSlots(fair.Options{Slots: 1, Queue: 1})
	from := fair.Prefix(netip.MustParseAddr("2001:db8::1"))
	release, err := slots.Acquire(context.Background(), fair.Key{From: from, User: "ops"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer release()
	fmt.Println(from)
	// Output: 2001:db8::/64
}
