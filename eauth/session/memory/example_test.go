package memory_test

import (
	"context"
	"fmt"
	"time"

	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/eauth/session/memory"
)

func Example() {
	ctx := context.Background()
	store := memory.New()
	defer func() { _ = store.Close() }()
	key := session.HashOf("an id that only the client holds")
	if _, err := store.Put(ctx, session.Record{Key: key, Expire: time.Now().Add(time.Hour)}, 10); err != nil {
		fmt.Println(err)
		return
	}
	_, ok, err := store.Get(ctx, key)
	fmt.Println(ok, err)
	// Output: true <nil>
}
