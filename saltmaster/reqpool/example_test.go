package reqpool_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/saltern-api/saltern/saltmaster/reqpool"
	"github.com/saltern-api/saltern/saltmaster/zmtp"
)

func Example() {
	pool := reqpool.New(zmtp.Protocol(), reqpool.Options{Network: "unix", Address: "/nowhere"})
	defer pool.Close()
	_, err := pool.Request(context.Background(), []byte("a payload"))
	failed, ok := errors.AsType[*reqpool.Error](err)
	fmt.Println(ok, failed.Op, "sent:", failed.Sent)
	// Output: true dial sent: false
}
