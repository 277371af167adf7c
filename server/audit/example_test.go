package audit_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/saltern-api/saltern/server/audit"
)

func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	log, err := audit.Open(audit.Options{File: filepath.Join(dir, "audit.jsonl")})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = log.Close() }()
	ctx := context.Background()
	log.Write(ctx, audit.Entry{Event: audit.Login, Outcome: audit.OK, User: "ops", Eauth: "pam"})
	page, err := log.Find(ctx, audit.Query{User: "ops", Limit: 10})
	fmt.Println(len(page.Entries), err)
	// Output: 1 <nil>
}
