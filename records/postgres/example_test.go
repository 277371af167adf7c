package postgres_test

import (
	"context"
	"fmt"
	"time"

	"github.com/saltern-api/saltern/records/postgres"
)

func ExampleOpen() {
	store, err := postgres.Open(postgres.Options{URL: "postgres://saltern@127.0.0.1:1/records?sslmode=disable"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = store.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	fmt.Println(store.Ping(ctx) != nil) // nothing listens there
	// Output: true
}
