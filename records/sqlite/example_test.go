package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/sqlite"
)

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "records-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	store := sqlite.Open(sqlite.Options{File: filepath.Join(dir, "records.db")})
	defer func() { _ = store.Close() }()

	ctx, jid := context.Background(), "20261122133409055051"
	changes, err := store.Put(ctx, records.Batch{
		Jobs:    []records.Job{{JID: jid, User: "ops", Client: "local", Fun: "test.ping", Tgt: "web*", Minions: []string{"web1", "web2"}}},
		Returns: []records.Return{{JID: jid, Minion: "web1", Time: time.Now(), Success: true, Value: []byte{0xc3}}},
	})
	fmt.Println(changes.Jobs, changes.Returns, changes.Ended, err)

	// Later, no return is waited for any more.
	changes, err = store.Put(ctx, records.Batch{Ends: []records.End{{JID: jid, Time: time.Now()}}})
	fmt.Println(changes.Ended, err)

	page, err := store.Jobs(ctx, records.Query{Filter: records.Filter{User: "ops", Fun: "test.*"}})
	for _, j := range page.Jobs {
		fmt.Println(j.JID, j.State, j.Returned, "of", j.Expected, err)
	}
	returns, err := store.Returns(ctx, jid, records.ReturnQuery{Outcome: records.Missing})
	for _, r := range returns.Returns {
		fmt.Println(r.Minion, r.Outcome(), err)
	}
	// Output:
	// 1 1 [] <nil>
	// [20261122133409055051] <nil>
	// 20261122133409055051 missing_returns 1 of 2 <nil>
	// web2 missing <nil>
}
