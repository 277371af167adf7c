package reminder_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/memory"
	"github.com/saltern-api/saltern/eauth/apitoken/reminder"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const day = 24 * time.Hour

// sender records the reminders that it should send.
type sender struct {
	name string
	only string // the name of the only token that it accepts; "" accepts all

	mu   sync.Mutex
	fail error         // of the next ones
	slow time.Duration // for each
	got  []string
	left string // Left of the last one
}

func (s *sender) Name() string { return s.name }

func (s *sender) Wants(r apitoken.Record) bool { return s.only == "" || s.only == r.Name }

func (s *sender) Send(ctx context.Context, r reminder.Reminder) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.slow > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(s.slow):
		}
	}
	s.got = append(s.got, fmt.Sprintf("%s %d", r.Token.Name, r.Days))
	s.left = r.Left()
	return s.fail
}

func (s *sender) failWith(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

// taken returns the reminders since the last call.
func (s *sender) taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	got := s.got
	s.got = nil
	return got
}

// store is a memory store that can become unavailable.
type store struct {
	*memory.Store
	mu   sync.Mutex
	down bool
}

func (s *store) set(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

func (s *store) gone() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return apitoken.ErrUnavailable
	}
	return nil
}

func (s *store) List(ctx context.Context, q apitoken.Query) ([]apitoken.Record, string, error) {
	if err := s.gone(); err != nil {
		return nil, "", err
	}
	return s.Store.List(ctx, q)
}

func (s *store) CountExpiring(ctx context.Context, from, to time.Time) (int, error) {
	if err := s.gone(); err != nil {
		return 0, err
	}
	return s.Store.CountExpiring(ctx, from, to)
}

// env is a store with tokens, and gateways that use it.
type env struct {
	*testing.T
	store *store
	one   *sender
	log   *lines
	told  *lines
}

// lines is the log of several gateways.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, line)
}

// Write implements [io.Writer].
func (l *lines) Write(p []byte) (int, error) {
	l.add(string(p))
	return len(p), nil
}

// since returns the lines since the last call.
func (l *lines) since() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.all
	l.all = nil
	return all
}

func with(t *testing.T, test func(r *env)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &env{T: t, store: &store{Store: memory.New()}, one: &sender{name: "one"}, log: new(lines), told: new(lines)}
		test(r)
	})
}

// token creates one with a lifetime; 0 means no end.
func (r *env) token(name string, life time.Duration, change ...func(*apitoken.Issue)) apitoken.Record {
	r.Helper()
	now := time.Now()
	i := apitoken.Issue{Hash: sha256.Sum256([]byte(name)), Record: apitoken.Record{
		ID: apitoken.NewID(), Kind: apitoken.KindAPI, Name: name, Owner: apitoken.Owner{Eauth: "pam", User: "alice"},
		Profile: apitoken.ProfileNative, Scopes: []string{"User"}, Created: now, Issued: now,
	}}
	if life > 0 {
		i.Record.Expires = now.Add(life)
	}
	for _, f := range change {
		f(&i)
	}
	require.NoError(r, r.store.Create(r.Context(), i))
	return i.Record
}

// gateway starts a gateway, and returns the function that stops it.
func (r *env) gateway(senders ...reminder.Sender) (s *reminder.Schedule, stop func()) {
	r.Helper()
	s, err := reminder.New(reminder.Options{
		Store: r.store, Senders: senders, Logger: slog.New(slog.NewTextHandler(r.log, nil)),
		Tell: func(by string, days int, o reminder.Outcome) { r.told.add(fmt.Sprint(by, days, o)) },
	})
	require.NoError(r, err)
	ctx, cancel := context.WithCancel(r.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Run(ctx)
	}()
	return s, func() {
		cancel()
		<-done
	}
}

// pass lets time pass, and a little more.
func pass(d time.Duration) {
	time.Sleep(d + time.Hour + time.Minute)
	synctest.Wait()
}

func TestThirtySevenAndTheDay(t *testing.T) {
	with(t, func(r *env) {
		r.token("long", 40*day)
		r.token("endless", 0)
		_, stop := r.gateway(r.one)
		defer stop()
		pass(9 * day)
		require.Empty(r, r.one.taken())
		pass(day)
		require.Equal(r, []string{"long 30"}, r.one.taken())
		pass(22 * day)
		require.Empty(r, r.one.taken())
		pass(day)
		require.Equal(r, []string{"long 7"}, r.one.taken())
		pass(6 * day)
		require.Equal(r, []string{"long 0"}, r.one.taken())
		pass(40 * day)
		require.Empty(r, r.one.taken())
		require.Equal(r, []string{"one30sent", "one7sent", "one0sent"}, r.told.since())
	})
}

// A token with a short life causes no reminder right after it was made.
func TestStagesBeforeTheTokenWasMade(t *testing.T) {
	with(t, func(r *env) {
		r.token("five", 5*day)
		r.token("thirty", 30*day)
		r.token("hour", time.Hour)
		r.token("pending", 2*day, func(i *apitoken.Issue) { i.Hash, i.Record.Issued = apitoken.Hash{}, time.Time{} })
		_, stop := r.gateway(r.one)
		defer stop()
		pass(3 * day)
		require.Empty(r, r.one.taken())
		pass(day)
		require.Equal(r, []string{"five 0"}, r.one.taken())
		pass(40 * day)
		require.Equal(r, []string{"thirty 7", "thirty 0"}, r.one.taken())
	})
}

func TestTwoGatewaysAndTwoWays(t *testing.T) {
	with(t, func(r *env) {
		r.token("a", 40*day)
		r.token("b", 40*day)
		two := &sender{name: "two", only: "b"}
		_, stopOne := r.gateway(r.one, two)
		defer stopOne()
		_, stopTwo := r.gateway(r.one, two)
		defer stopTwo()
		pass(40 * day)
		require.ElementsMatch(r, []string{
			"a 30", "b 30", "a 7", "b 7", "a 0", "b 0",
		}, r.one.taken())
		require.Equal(r, []string{"b 30", "b 7", "b 0"}, two.taken())
	})
}

// After weeks without a gateway there is one late reminder. A gateway that
// comes back repeats none.
func TestLate(t *testing.T) {
	with(t, func(r *env) {
		r.token("ci", 60*day)
		pass(55 * day)
		for _, want := range [][]string{{"ci 7"}, nil} {
			_, stop := r.gateway(r.one)
			time.Sleep(3 * time.Second)
			synctest.Wait()
			stop()
			require.Equal(r, want, r.one.taken())
			require.Equal(r, "in 5 days", r.one.left)
		}
		pass(10 * day)
		_, stop := r.gateway(r.one)
		pass(day)
		stop()
		require.Empty(r, r.one.taken(), "it has ended")
	})
}

func TestRegeneratedAndRevoked(t *testing.T) {
	with(t, func(r *env) {
		renewed, revoked := r.token("renewed", 40*day), r.token("revoked", 40*day)
		_, stop := r.gateway(r.one)
		defer stop()
		pass(10 * day)
		require.ElementsMatch(r, []string{"renewed 30", "revoked 30"}, r.one.taken())
		now := time.Now()
		_, err := r.store.Renew(r.Context(), renewed.ID,
			apitoken.Renewal{Hash: sha256.Sum256([]byte("new")), At: now, Expires: now.Add(35 * day)})
		require.NoError(r, err)
		_, err = r.store.Revoke(r.Context(), revoked.ID, apitoken.Revocation{At: now, Why: "asked"})
		require.NoError(r, err)
		pass(4 * day)
		require.Empty(r, r.one.taken())
		pass(day)
		require.Equal(r, []string{"renewed 30"}, r.one.taken())
		pass(40 * day)
		require.Equal(r, []string{"renewed 7", "renewed 0"}, r.one.taken())
	})
}

var errMany = fmt.Errorf("%w: nobody listens", reminder.ErrNotSent)

// A reminder that was certainly not sent is sent at the next look of any
// gateway; one that may have been sent is not.
func TestFailures(t *testing.T) {
	with(t, func(r *env) {
		r.token("ci", 60*day)
		_, stop := r.gateway(r.one)
		defer stop()
		r.one.failWith(errMany)
		pass(30*day + 3*time.Hour)
		require.Greater(r, len(r.one.taken()), 3)
		require.NotContains(r, r.told.since(), "one30sent")
		require.Contains(r, strings.Join(r.log.since(), ""), "nobody listens")
		r.one.failWith(nil)
		pass(0)
		require.Equal(r, []string{"ci 30"}, r.one.taken())

		r.told.since()
		r.one.failWith(errors.New("the line broke"))
		pass(23 * day)
		require.Equal(r, []string{"ci 7"}, r.one.taken())
		require.Equal(r, []string{"one7unknown"}, r.told.since())
		r.one.failWith(nil)
		pass(day)
		require.Empty(r, r.one.taken())
		pass(5 * day)
		require.Equal(r, []string{"ci 0"}, r.one.taken())
	})
}

// A sender that fails does not delay the others, and is skipped for a while if
// it fails for all tokens.
func TestAWayThatIsClosed(t *testing.T) {
	with(t, func(r *env) {
		for n := range 20 {
			r.token(fmt.Sprint(n), 40*day)
		}
		two := &sender{name: "two"}
		r.one.failWith(errMany)
		_, stop := r.gateway(r.one, two)
		defer stop()
		pass(10*day - time.Hour)
		require.Len(r, r.one.taken(), 3)
		require.Len(r, two.taken(), 20)
		r.one.failWith(nil)
		pass(0)
		require.Len(r, r.one.taken(), 20)
		require.Empty(r, two.taken())
	})
}

// Tokens may be created, renewed or revoked while many reminders are being
// sent.
func TestWhatChangesDuringALook(t *testing.T) {
	with(t, func(r *env) {
		r.token("first", 40*day)
		time.Sleep(time.Second) // the oldest is the first
		renewed, revoked := r.token("renewed", 40*day), r.token("revoked", 40*day)
		r.one.slow = 30 * time.Second
		_, stop := r.gateway(r.one)
		defer stop()
		time.Sleep(10*day + 10*time.Second)
		synctest.Wait() // while the first is being sent
		now := time.Now()
		_, err := r.store.Renew(r.Context(), renewed.ID,
			apitoken.Renewal{Hash: sha256.Sum256([]byte("new")), At: now, Expires: now.Add(40 * day)})
		require.NoError(r, err)
		_, err = r.store.Revoke(r.Context(), revoked.ID, apitoken.Revocation{At: now, Why: "asked"})
		require.NoError(r, err)
		pass(day)
		require.Equal(r, []string{"first 30"}, r.one.taken())
	})
}

// More tokens than fit on a page.
func TestPages(t *testing.T) {
	with(t, func(r *env) {
		for n := range 1001 {
			r.token(fmt.Sprint(n), 30*day+time.Second)
		}
		_, stop := r.gateway(r.one)
		defer stop()
		pass(0)
		require.Len(r, r.one.taken(), 1001)
	})
}

func TestTheStoreIsAway(t *testing.T) {
	with(t, func(r *env) {
		r.token("ci", 40*day)
		s, stop := r.gateway(r.one)
		defer stop()
		synctest.Wait()
		soon, ok := s.Expiring()
		require.True(r, ok)
		require.Equal(r, reminder.Expiring{}, soon)
		r.store.set(true)
		pass(10 * day)
		_, ok = s.Expiring()
		require.False(r, ok)
		require.Empty(r, r.one.taken())
		require.Contains(r, strings.Join(r.log.since(), ""), "trying again")
		r.store.set(false)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(r, []string{"ci 30"}, r.one.taken())
		soon, ok = s.Expiring()
		require.True(r, ok)
		require.Equal(r, reminder.Expiring{Month: 1}, soon)
		pass(23 * day)
		soon, _ = s.Expiring()
		require.Equal(r, reminder.Expiring{Week: 1, Month: 1}, soon)
		pass(10 * day)
		soon, _ = s.Expiring()
		require.Equal(r, reminder.Expiring{}, soon)
	})
}

// A gateway that stops cancels what it sends.
func TestStopped(t *testing.T) {
	with(t, func(r *env) {
		r.token("ci", 40*day)
		r.one.slow = 30 * time.Second
		_, stop := r.gateway(r.one)
		time.Sleep(10*day + 10*time.Second)
		synctest.Wait()
		before := time.Now()
		stop()
		require.Equal(r, before, time.Now())
		require.Equal(r, []string{"one30unknown"}, r.told.since())
	})
}

func TestWithoutSenders(t *testing.T) {
	with(t, func(r *env) {
		r.token("ci", day)
		s, stop := r.gateway()
		defer stop()
		synctest.Wait()
		soon, ok := s.Expiring()
		require.True(r, ok)
		require.Equal(r, reminder.Expiring{Week: 1, Month: 1}, soon)
	})
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]reminder.Options{
		"no store":      {},
		"days before":   {Store: memory.New(), Days: []int{7, -1}},
		"too many":      {Store: memory.New(), Days: []int{100000}},
		"two of a kind": {Store: memory.New(), Senders: []reminder.Sender{&sender{name: "x"}, &sender{name: "x"}}},
	} {
		_, err := reminder.New(o)
		require.Error(t, err, name)
	}
}

func TestLeft(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for left, want := range map[time.Duration]string{
		30 * day: "in 30 days", 7*day - time.Hour: "in 7 days", 36 * time.Hour: "in 2 days",
		day: "in 24 hours", 2*time.Hour + time.Minute: "in 2 hours", 89 * time.Minute: "in 89 minutes", time.Second: "in a minute",
	} {
		r := reminder.Reminder{At: now, Token: apitoken.Record{Expires: now.Add(left)}}
		require.Equal(t, want, r.Left())
	}
}
