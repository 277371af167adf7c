package memory_test

import (
	"context"
	"fmt"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/memory"
)

func Example() {
	ctx := context.Background()
	store := memory.New()
	defer func() { _ = store.Close() }()
	now := time.Now()
	record := apitoken.Record{
		ID: apitoken.NewID(), Kind: apitoken.KindAPI, Name: "ci", Owner: apitoken.Owner{Eauth: "pam", User: "alice"},
		Profile: apitoken.ProfileNative, Created: now, Issued: now,
	}
	hash := apitoken.Hash{1} // of the secret, see [apitoken.Pepper.Hash]
	if err := store.Create(ctx, apitoken.Issue{Hash: hash, Record: record}); err != nil {
		fmt.Println(err)
		return
	}
	found, err := store.Lookup(ctx, hash)
	fmt.Println(found.Name, found.State(now), err)
	// Output: ci live <nil>
}
