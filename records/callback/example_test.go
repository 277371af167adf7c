package callback_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/saltern-api/saltern/internal/signedpost"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/callback"
	"github.com/saltern-api/saltern/records/sqlite"
)

// printer prints in place of posting.
type printer struct{ done chan struct{} }

func (p printer) Post(_ context.Context, d signedpost.Document) error {
	fmt.Println(len(d.Key), len(d.Body) > 100)
	close(p.done)
	return nil
}

// A destination is told that a job has ended.
func Example() {
	dir, err := os.MkdirTemp("", "callback-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	store := sqlite.Open(sqlite.Options{File: filepath.Join(dir, "records.db")})
	defer func() { _ = store.Close() }()

	p := printer{make(chan struct{})}
	s, err := callback.New(store, callback.Options{Destinations: []callback.Destination{{Name: "ci", Post: p}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Run(ctx)
	}()

	const jid = "20261122133409055051"
	if _, err := s.Add(ctx, callback.Caller{User: "ops", Eauth: "pam"}, jid, "ci", true); err != nil {
		fmt.Println(err)
	}
	changes, err := store.Put(ctx, records.Batch{Jobs: []records.Job{{JID: jid}}, Ends: []records.End{{JID: jid, Time: time.Now()}}})
	s.Ended(changes.Ended)
	<-p.done
	cancel()
	<-ended
	fmt.Println(err)
	// Output:
	// 26 true
	// <nil>
}
