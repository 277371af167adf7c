package tokenstore_test

import (
	"fmt"
	"os"
	"time"

	"github.com/saltern-api/saltern/saltmaster/tokenstore"
)

func Example() {
	dir, err := os.MkdirTemp("", "tokens")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a folder of the example
	store := tokenstore.Store{Dir: dir, Layout: tokenstore.Flat, HashType: "sha256"}
	token := store.NewToken()
	err = store.Write(tokenstore.Record{Token: token, User: "saltdev", Eauth: "pam", Expire: time.Now().Add(time.Hour)})
	if err != nil {
		fmt.Println(err)
		return
	}
	record, err := store.Read(token)
	fmt.Println(len(token), record.User, err)
	// Output: 64 saltdev <nil>
}
