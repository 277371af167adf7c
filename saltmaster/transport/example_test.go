package transport_test

import (
	"fmt"

	"github.com/saltern-api/saltern/saltmaster/masterconf"
	"github.com/saltern-api/saltern/saltmaster/reqpool"
	"github.com/saltern-api/saltern/saltmaster/transport"
)

func Example() {
	conf, _, err := masterconf.Load("/etc/salt")
	if err != nil {
		fmt.Println(err)
		return
	}
	pool, err := transport.NewPool(conf, reqpool.Options{Size: 4})
	if err != nil {
		fmt.Println(err)
		return
	}
	pool.Close()
}
