package recorder_test

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/recorder"
	"github.com/saltern-api/saltern/records/sqlite"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
)

// Syndics name the minions of their masters, and hand on what these return, without a command. The job ends with the
// last of them all.
func TestSyndics(t *testing.T) {
	t.Parallel()
	const other = "20261122133409055099" // of a master below
	handedOn := func(jid, minion string) eventbus.Event {
		return event("salt/job/"+jid+"/ret/"+minion, `{"jid": %q, "id": %q, "fun": "test.ping", "fun_args": [], "return": true, "retcode": 0,
			"success": true, "_stamp": "2026-11-22T13:34:12.055051+00:00"}`, jid, minion)
	}
	synctest.Test(t, func(t *testing.T) {
		store := sqlite.Open(sqlite.Options{File: filepath.Join(t.TempDir(), "r.db")})
		defer store.Close() //nolint:errcheck // nothing is read of it any more
		r := recorder.New(store, recorder.Options{MasterID: "m_master", SyndicWait: 5 * time.Second})
		events := tap{make(chan eventbus.Event)}
		ctx, end := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			r.Run(ctx, events)
		}()
		job := func() records.Job {
			j, err := store.Job(t.Context(), jid, true)
			require.NoError(t, err)
			return j
		}
		for _, e := range []eventbus.Event{
			began(jid, `["ms-0"]`), returned(jid, "ms-0"),
			event("syndic/below/"+jid, `{"minions": ["low-0"]}`),
			event("syndic/below/syndic/lower/salt/job/"+jid+"/new", `{"jid": %q, "minions": ["low-1", "low-0"], "fun": "x"}`, jid),
			event("syndic/below/"+other, `{"minions": ["low-0"]}`),
			event("syndic/below/"+jid, `{"minions": "low-7"}`),
			handedOn(jid, "low-0"),
			event("salt/job/"+jid+"/ret/low-8", `{"jid": %q, "id": "low-8", "cmd": "_other", "return": true}`, jid),
		} {
			events.events <- e
		}
		time.Sleep(3 * time.Second)
		require.True(t, job().End.IsZero(), "other syndics may name more")
		time.Sleep(3 * time.Second)
		j := job()
		require.True(t, j.End.IsZero())
		require.Equal(t, []string{"low-0", "low-1", "ms-0"}, j.Minions)
		require.Equal(t, [2]int{3, 2}, [2]int{j.Expected, j.Returned})
		events.events <- event("syndic/late/"+jid, `{"minions": ["low-2"]}`)
		events.events <- handedOn(jid, "low-1")
		time.Sleep(time.Second)
		require.Equal(t, [2]int{4, 3}, [2]int{job().Expected, job().Returned})
		events.events <- handedOn(jid, "low-2")
		time.Sleep(time.Second)
		require.False(t, job().End.IsZero())
		_, err := store.Job(t.Context(), other, false)
		require.ErrorIs(t, err, records.ErrNotFound)

		const last = "20261122133409055052"
		events.events <- began(last, `["ms-0"]`)
		synctest.Wait()
		end()
		<-done
		j, err = store.Job(t.Context(), last, true)
		require.NoError(t, err)
		require.Equal(t, []string{"ms-0"}, j.Minions, "what is known at the end is recorded")
	})
}
