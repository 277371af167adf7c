package expiry_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/saltern-api/saltern/internal/expiry"
)

func ExampleRegistry() {
	streams := expiry.New(expiry.Options[string, string]{
		Interval: time.Second,
		Check:    func(context.Context, []*expiry.Entry[string, string]) {}, // look the open tokens up
	})
	defer streams.Close()

	ctx, _, stop := streams.Follow(
		context.Background(), "the token of alice", time.Now().Add(time.Hour), errors.New("the token has expired"), "token-id")
	defer stop()
	streams.End(errors.New("the token was revoked"), "token-id")
	<-ctx.Done()
	fmt.Println(context.Cause(ctx))
	// Output: the token was revoked
}
