package callback_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/signedpost"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/callback"
)

const jid = "20261122133409055051"

var ops = callback.Caller{User: "ops", Eauth: "pam"}

// service is one whose destination is ci, on a fake store.
type service struct {
	*callback.Service
	store  *fakeStore
	posted *posted
	log    bytes.Buffer

	mu     sync.Mutex
	events []callback.What
}

func newService(t *testing.T) *service {
	t.Helper()
	s := &service{store: newFakeStore(records.Job{JID: jid, User: "ops", State: records.New}), posted: &posted{}}
	var err error
	s.Service, err = callback.New(s.store, callback.Options{
		Destinations: []callback.Destination{{Name: "ci", Post: s.posted}},
		Log:          slog.New(slog.NewTextHandler(&s.log, nil)),
		Tell: func(_ context.Context, e callback.Event) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.events = append(s.events, e.What)
		},
	})
	require.NoError(t, err)
	return s
}

// start runs the service until the function is called that it returns.
func (s *service) start(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx) })
	return func() {
		cancel()
		running.Wait()
	}
}

func (s *service) promise(t *testing.T) string {
	t.Helper()
	p, err := s.Reserve(t.Context(), ops, "ci")
	require.NoError(t, err)
	p.Keep(t.Context(), jid)
	return p.ID()
}

// A call-back is delivered when its job ends, once.
func TestDelivered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		defer s.start(t)()
		id := s.promise(t)
		time.Sleep(time.Minute)
		require.Empty(t, s.posted.all())
		s.store.end()
		s.Ended([]string{jid})
		time.Sleep(time.Second)
		require.Len(t, s.posted.all(), 1)
		c := s.store.get(id)
		require.Equal(t, records.CallbackDelivered, c.State)
		require.Equal(t, 1, c.Attempts)
		time.Sleep(48 * time.Hour)
		require.Len(t, s.posted.all(), 1)
		require.Equal(t, []callback.What{callback.Promised, callback.Delivered}, s.events)

		require.NoError(t, s.Retry(t.Context(), id))
		time.Sleep(time.Second)
		docs := s.posted.all()
		require.Len(t, docs, 2)
		require.Equal(t, docs[0].Key, docs[1].Key)
	})
}

// Nothing points to the end of a job that another gateway has recorded, and to one
// that had ended before the promise was kept.
func TestFound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		defer s.start(t)()
		s.promise(t)
		time.Sleep(time.Minute)
		s.store.end()
		time.Sleep(31 * time.Second)
		require.Len(t, s.posted.all(), 1)
		s.promise(t)
		time.Sleep(time.Second)
		require.Len(t, s.posted.all(), 2)
		_, err := s.Add(t.Context(), ops, jid, "ci", true)
		require.NoError(t, err)
		time.Sleep(time.Second)
		require.Len(t, s.posted.all(), 3)
	})
}

// The pauses between attempts double from 5 seconds to an hour, and after a day
// there are no more.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		s.posted.answer = func(context.Context, int) error { return &signedpost.Error{Status: 503} }
		defer s.start(t)()
		id := s.promise(t)
		s.store.end()
		s.Ended([]string{jid})
		begun := time.Now()
		time.Sleep(72 * time.Hour)
		docs := s.posted.all()
		require.Less(t, len(docs), 60)
		require.Greater(t, len(docs), 25)
		for i := 1; i < len(docs)-1; i++ {
			failing, wait := docs[i-1].At.Sub(begun), docs[i].At.Sub(docs[i-1].At)
			least := min(max(failing, 5*time.Second), time.Hour) * 3 / 4
			require.GreaterOrEqual(t, wait, least-time.Second, "attempt %d", i)
			require.LessOrEqual(t, wait, least*5/3+2*time.Second, "attempt %d", i)
		}
		require.InDelta(t, 24*time.Hour, docs[len(docs)-1].At.Sub(begun), float64(time.Minute))
		c := s.store.get(id)
		require.Equal(t, records.CallbackFailed, c.State)
		require.Equal(t, "the answer is 503", c.Error)
		require.Equal(t, len(docs), c.Attempts)
		require.Equal(t, callback.GivenUp, s.events[len(s.events)-1])
		require.Equal(t, 2, bytes.Count(s.log.Bytes(), []byte("level=WARN")), "%s", s.log.String())
	})
}

// An attempt is made again after a restart, and what was on its way when the
// gateway stopped is let finish.
func TestRestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		s.posted.answer = func(ctx context.Context, n int) error {
			switch n {
			case 1: // takes longer than a gateway that stops waits
				<-ctx.Done()
				return &signedpost.Error{MayHaveArrived: true}
			case 2:
				time.Sleep(3 * time.Second)
			}
			return nil
		}
		stop := s.start(t)
		id := s.promise(t)
		s.store.end()
		s.Ended([]string{jid})
		time.Sleep(time.Second)
		stopping := time.Now()
		stop()
		require.Less(t, time.Since(stopping), 10*time.Second)
		require.Equal(t, records.CallbackDue, s.store.get(id).State)

		stop = s.start(t)
		time.Sleep(time.Second)
		stop()
		require.Equal(t, records.CallbackDelivered, s.store.get(id).State)
		docs := s.posted.all()
		require.Len(t, docs, 2)
		require.Equal(t, docs[0].Key, docs[1].Key)
		defer s.start(t)()
		time.Sleep(time.Hour)
		require.Len(t, s.posted.all(), 2)
	})
}

// One destination that is slow does not take the room of another.
func TestSlowDestination(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newFakeStore(records.Job{JID: jid, State: records.Completed})
		var mu sync.Mutex
		running, most := 0, 0
		slow := &posted{answer: func(ctx context.Context, _ int) error {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			<-ctx.Done()
			mu.Lock()
			running--
			mu.Unlock()
			return &signedpost.Error{MayHaveArrived: true}
		}}
		fast := &posted{}
		s, err := callback.New(store, callback.Options{
			Timeout: 10 * time.Second, Destinations: []callback.Destination{{Name: "slow", Post: slow}, {Name: "fast", Post: fast}},
		})
		require.NoError(t, err)
		defer (&service{Service: s}).start(t)()
		for range 50 {
			_, err := s.Add(t.Context(), ops, jid, "slow", false)
			require.NoError(t, err)
		}
		time.Sleep(time.Second)
		for range 50 {
			_, err := s.Add(t.Context(), ops, jid, "fast", false)
			require.NoError(t, err)
		}
		time.Sleep(5 * time.Second)
		require.Len(t, fast.all(), 50)
		mu.Lock()
		defer mu.Unlock()
		require.Equal(t, 4, most)
	})
}

// While the database is away nothing is promised, and what was promised is kept.
func TestStoreAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		defer s.start(t)()
		p, err := s.Reserve(t.Context(), ops, "ci")
		require.NoError(t, err)
		dropped, err := s.Reserve(t.Context(), ops, "ci")
		require.NoError(t, err)
		s.store.setAway(true)
		p.Keep(t.Context(), jid)
		dropped.Drop(t.Context())
		_, err = s.Reserve(t.Context(), ops, "ci")
		require.ErrorIs(t, err, records.ErrUnavailable)
		before := s.store.asked()
		time.Sleep(time.Hour)
		require.Less(t, s.store.asked()-before, 300)
		s.store.setAway(false)
		s.store.end()
		time.Sleep(time.Minute)
		require.Len(t, s.posted.all(), 1)
		require.Equal(t, p.ID(), s.posted.all()[0].Key)
	})
}

// A job whose records are gone is not tried for a day.
func TestGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		gone := &goneStore{s.store}
		var err error
		s.Service, err = callback.New(gone, callback.Options{Destinations: []callback.Destination{{Name: "ci", Post: s.posted}}})
		require.NoError(t, err)
		defer s.start(t)()
		id := s.promise(t)
		s.store.end()
		s.Ended([]string{jid})
		time.Sleep(time.Second)
		c := s.store.get(id)
		require.Equal(t, records.CallbackFailed, c.State)
		require.Equal(t, "the job is not recorded any more", c.Error)
	})
}

type goneStore struct{ *fakeStore }

func (goneStore) Job(context.Context, string, bool) (records.Job, error) {
	return records.Job{}, records.ErrNotFound
}

func TestDestinations(t *testing.T) {
	t.Parallel()
	for _, all := range [][]callback.Destination{{{Name: "a"}}, {{Post: &posted{}}}, {{Name: "a", Post: &posted{}}, {Name: "a", Post: &posted{}}}} {
		_, err := callback.New(newFakeStore(records.Job{}), callback.Options{Destinations: all})
		require.Error(t, err)
	}
	s, err := callback.New(newFakeStore(records.Job{}), callback.Options{Destinations: []callback.Destination{
		{Name: "all", Post: &posted{}},
		{Name: "some", Post: &posted{}, May: func(c callback.Caller) bool { return c.User == "ops" }},
	}})
	require.NoError(t, err)
	dev := callback.Caller{User: "dev", Eauth: "pam"}
	require.NoError(t, s.May(ops, "some"))
	require.NoError(t, s.May(dev, "all"))
	var unknown, notForDev *callback.DestinationError
	require.ErrorAs(t, s.May(dev, "none"), &unknown)
	require.ErrorAs(t, s.May(dev, "some"), &notForDev)
	require.Equal(t, `there is no destination "some"`, notForDev.Error())
	require.Error(t, s.May(callback.Caller{}, "all"), "nobody may")
	_, err = s.Reserve(t.Context(), dev, "some")
	require.ErrorAs(t, err, &notForDev)
	_, err = s.Add(t.Context(), dev, jid, "none", true)
	require.True(t, errors.As(err, &unknown))
}

func TestDocumentIsJSON(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		defer s.start(t)()
		id := s.promise(t)
		s.store.end()
		s.Ended([]string{jid})
		time.Sleep(time.Second)
		var got map[string]any
		require.NoError(t, json.Unmarshal(s.posted.all()[0].Body, &got))
		require.Equal(t, id, got["id"])
		require.Equal(t, "job.ended", got["event"])
		require.NotContains(t, got, "results")
		require.Nil(t, got["job"].(map[string]any)["expected"])
	})
}
