package pause_test

import (
	"context"
	"fmt"
	"time"

	"github.com/saltern-api/saltern/internal/pause"
)

// A wait ends with its context.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	fmt.Println(pause.For(ctx, time.Hour))
	// Output: context deadline exceeded
}
