package reminder_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/bolt"
	"github.com/saltern-api/saltern/eauth/apitoken/redis"
	"github.com/saltern-api/saltern/eauth/apitoken/redistest"
	"github.com/saltern-api/saltern/eauth/apitoken/reminder"
)

// manyDue creates tokens with a due reminder, of the stage of 7 days, and some
// without.
func manyDue(t *testing.T, s apitoken.Store, n int) (want []string) {
	t.Helper()
	now := time.Now()
	for i := range n {
		name := fmt.Sprint("token ", i)
		issue := apitoken.Issue{Hash: sha256.Sum256([]byte(name)), Record: apitoken.Record{
			ID: apitoken.NewID(), Kind: apitoken.KindAPI, Name: name, Owner: apitoken.Owner{Eauth: "pam", User: "alice"},
			Created: now.Add(-10 * day), Issued: now.Add(-10 * day), Expires: now.Add(6 * day),
		}}
		if i%2 == 0 {
			want = append(want, name+" 7")
		} else {
			issue.Record.Issued = now
		}
		require.NoError(t, s.Create(t.Context(), issue))
	}
	return want
}

func schedule(t *testing.T, s reminder.Store, senders ...reminder.Sender) *reminder.Schedule {
	t.Helper()
	r, err := reminder.New(reminder.Options{Store: s, Senders: senders, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	return r
}

// Gateways that look at the same moment send each reminder once in total.
func TestTwoLookAtOnce(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	stores := make([]*redis.Store, 4)
	for i := range stores {
		stores[i] = redis.Open(redis.Options{UniversalOptions: server.Client(), Timeout: 30 * time.Second})
		defer stores[i].Close() //nolint:errcheck // nothing is kept here
	}
	want := manyDue(t, stores[0], 200)
	one := &sender{name: "one"}
	var looks sync.WaitGroup
	errs := make([]error, len(stores))
	for i, s := range stores {
		r := schedule(t, s, one)
		looks.Go(func() { errs[i] = r.Look(t.Context()) })
	}
	looks.Wait()
	require.NoError(t, errors.Join(errs...))
	require.ElementsMatch(t, want, one.taken())

	one.failWith(errMany)
	two := &sender{name: "two"}
	r := schedule(t, stores[1], one, two)
	require.NoError(t, r.Look(t.Context()))
	require.Empty(t, one.taken())
	require.ElementsMatch(t, want, two.taken(), "each way is apart")
}

// Sent reminders are still noted after a restart.
func TestRestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tokens.db")
	one := &sender{name: "one"}
	var want []string
	for _, first := range []bool{true, false} {
		store, err := bolt.Open(path)
		require.NoError(t, err)
		if first {
			want = manyDue(t, store, 20)
		}
		require.NoError(t, schedule(t, store, one).Look(t.Context()))
		if first {
			require.ElementsMatch(t, want, one.taken())
		} else {
			require.Empty(t, one.taken())
		}
		require.NoError(t, store.Close())
	}
}
