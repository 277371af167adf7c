package bolt_test

import (
	"fmt"

	"github.com/saltern-api/saltern/eauth/session/bolt"
)

func Example() {
	store, err := bolt.Open("/var/lib/saltern/sessions.db")
	if err != nil {
		fmt.Println(err) // it names the file
		return
	}
	defer func() { _ = store.Close() }()
}
