package saltws_test

import (
	"context"
	"fmt"

	"github.com/saltern-api/saltern/saltmaster/reqpool"
	"github.com/saltern-api/saltern/saltmaster/saltws"
)

func Example() {
	pool := saltws.NewPool(reqpool.Options{Network: "tcp", Address: "127.0.0.1:4506"})
	defer pool.Close()
	reply, err := pool.Request(context.Background(), []byte("a payload"))
	fmt.Println(len(reply), err)
}
