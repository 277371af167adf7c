package pgtest_test

import (
	"testing"

	"github.com/saltern-api/saltern/records/postgres"
	"github.com/saltern-api/saltern/records/postgres/pgtest"
)

func Example() {
	_ = func(t *testing.T) {
		server := pgtest.Start(t)
		store, err := postgres.Open(postgres.Options{URL: server.Database(t)})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close() //nolint:errcheck // as in a test
	}
}
