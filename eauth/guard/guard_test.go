package guard_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/admission"
	"github.com/saltern-api/saltern/eauth/eauthtest"
	"github.com/saltern-api/saltern/eauth/guard"
	"github.com/saltern-api/saltern/eauth/throttle"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	rightTakes = 10 * time.Millisecond
	wrongTakes = 2 * time.Second // as pam_unix does
)

// checker is a backend as slow as PAM, which ignores its context as PAM does.
type checker struct {
	asked   atomic.Int32
	running atomic.Int32
	most    atomic.Int32
	granted atomic.Int32
	fail    func() error
}

func (k *checker) Authenticate(_ context.Context, c eauth.Credentials) (eauth.Identity, bool, error) {
	k.asked.Add(1)
	defer k.running.Add(-1)
	k.most.Store(max(k.most.Load(), k.running.Add(1)))
	if k.fail != nil {
		return eauth.Identity{}, false, k.fail()
	}
	if c.Password != "right" {
		time.Sleep(wrongTakes)
		return eauth.Identity{}, false, nil
	}
	time.Sleep(rightTakes)
	k.granted.Add(1)
	return eauth.Identity{User: c.Username, Eauth: c.Eauth, Grant: &grant{k: k}}, true, nil
}

type grant struct {
	k    *checker
	once sync.Once
}

func (*grant) Token(context.Context) (string, error)         { return "7e57", nil }
func (*grant) Renew(context.Context, string) (string, error) { return "", eauth.ErrNoToken }
func (*grant) Exposed(string)                                {}
func (g *grant) Release(context.Context)                     { g.once.Do(func() { g.k.granted.Add(-1) }) }

func creds(user, password string) eauth.Credentials {
	return at("192.0.2.1", user, password)
}

func at(addr, user, password string) eauth.Credentials {
	c := eauth.Credentials{Eauth: "pam", Username: user, Password: password}
	if addr != "" {
		c.RemoteAddr = netip.MustParseAddr(addr)
	}
	return c
}

// counter counts outcomes.
type counter struct {
	mu sync.Mutex
	n  map[guard.Outcome]int
}

func (c *counter) add(o guard.Outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[guard.Outcome]int{}
	}
	c.n[o]++
}

func (c *counter) all() map[guard.Outcome]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.n)
}

func TestConformance(t *testing.T) {
	t.Parallel()
	eauthtest.RunBackend(t, func(*testing.T) eauthtest.Fixture {
		k := &checker{}
		return eauthtest.Fixture{
			Backend: guard.New(nowait{k}, guard.Options{}),
			Right:   creds("alice", "right"),
			User:    "alice",
			Eauth:   "pam",
			Asked:   func() int { return int(k.asked.Load()) },
			Tokens:  func() int { return int(k.granted.Load()) },
		}
	})
}

// nowait is checker without the delay and with a user of its own.
type nowait struct{ k *checker }

func (n nowait) Authenticate(_ context.Context, c eauth.Credentials) (eauth.Identity, bool, error) {
	n.k.asked.Add(1)
	if c.Username != "alice" || c.Password != "right" {
		return eauth.Identity{}, false, nil
	}
	n.k.granted.Add(1)
	return eauth.Identity{User: c.Username, Eauth: c.Eauth, Grant: &grant{k: n.k}}, true, nil
}

// While twenty wrong passwords occupy slots, users that logged in lately get a
// slot at once.
func TestWrongPasswordsCostOthersNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := &checker{}
		g := guard.New(k, guard.Options{})
		users := make([]eauth.Credentials, 8)
		for i := range users {
			users[i] = creds(fmt.Sprint("user", i), "right")
			_, ok, err := g.Authenticate(t.Context(), users[i])
			require.NoError(t, err)
			require.True(t, ok)
		}

		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() { _, _, _ = g.Authenticate(t.Context(), creds(fmt.Sprint("guess", i), "wrong")) })
		}
		synctest.Wait()
		require.EqualValues(t, 3, k.running.Load(), "the others wait in the queue; a slot is left for other prefixes")

		start := time.Now()
		for _, c := range users {
			wg.Go(func() {
				_, ok, err := g.Authenticate(t.Context(), c)
				if !ok || err != nil || time.Since(start) != rightTakes {
					t.Errorf("ok %v, err %v after %v", ok, err, time.Since(start))
				}
			})
		}
		wg.Wait()
		require.Equal(t, 7*wrongTakes, time.Since(start), "the guesses went through three slots")
		require.EqualValues(t, 11, k.most.Load())
	})
}

func TestTheSlotIsHeldUntilTheCheckReturns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := &checker{}
		g := guard.New(k, guard.Options{Admission: admission.Options{Others: 1, Waiting: 1}})

		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, ok, err := g.Authenticate(ctx, creds("alice", "wrong"))
		require.False(t, ok)
		require.ErrorIs(t, err, context.DeadlineExceeded)

		start := time.Now()
		_, ok, err = g.Authenticate(t.Context(), creds("bob", "right"))
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, wrongTakes-time.Millisecond+rightTakes, time.Since(start))
		require.EqualValues(t, 1, k.most.Load())
	})
}

func TestWhatNobodyWaitsForIsReleased(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := &checker{}
		g := guard.New(k, guard.Options{})
		ctx, cancel := context.WithTimeout(t.Context(), rightTakes/2)
		defer cancel()
		_, ok, err := g.Authenticate(ctx, creds("alice", "right"))
		require.False(t, ok)
		require.ErrorIs(t, err, context.DeadlineExceeded)

		time.Sleep(time.Second)
		require.EqualValues(t, 1, k.asked.Load())
		require.Zero(t, k.granted.Load())
	})
}

func TestThrottle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen counter
		k := &checker{}
		g := guard.New(k, guard.Options{
			Throttle: throttle.Options{First: time.Minute},
			Observe:  seen.add,
		})
		login := func(user, password string) bool {
			_, ok, err := g.Authenticate(t.Context(), creds(user, password))
			require.NoError(t, err)
			return ok
		}
		require.True(t, login("alice", "right"))
		for range 4 {
			require.False(t, login("alice", "wrong"))
			require.False(t, login("bob", "wrong"))
		}
		asked := k.asked.Load()

		start := time.Now()
		require.False(t, login("alice", "wrong"))
		require.False(t, login("bob", "right"), "refused as any other guess")
		require.Zero(t, time.Since(start))
		require.Equal(t, asked, k.asked.Load(), "the backend was not asked")

		require.True(t, login("alice", "right"), "who was right lately passes")
		time.Sleep(time.Minute)
		require.True(t, login("bob", "right"))
		require.Equal(t, map[guard.Outcome]int{guard.OK: 3, guard.Wrong: 8, guard.Throttled: 2}, seen.all())
	})
}

// While throttled, the right password is refused like any other unless it was
// recently right: neither the result, its time nor the work done reveals that
// it was right. If it was recently right, the user is let in.
func TestTheThrottleIsNoOracle(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name      string
		user, bad string // addresses: the user's, and that of the guesses
		passes    bool
	}{
		{"from elsewhere", "192.0.2.1", "198.51.100.1", false},
		{"from the next address", "192.0.2.1", "192.0.2.2", false},
		{"from another IPv6 network", "2001:db8::1", "2001:db8:0:1::1", false},
		{"from an unknown address", "192.0.2.1", "", false},
		{"while nobody's address is known", "", "", false},
		{"from the user's own address", "192.0.2.1", "192.0.2.1", true},
		{"from the user's IPv6 network", "2001:db8::1", "2001:db8::2", true},
		{"from the user's address as IPv6", "192.0.2.1", "::ffff:192.0.2.1", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var seen counter
				k := &checker{}
				g := guard.New(k, guard.Options{
					FailDelay: time.Second, Observe: seen.add,
					Throttle: throttle.Options{First: time.Minute},
				})
				_, ok, err := g.Authenticate(t.Context(), at(tc.user, "alice", "right"))
				require.NoError(t, err)
				require.True(t, ok)
				for range 4 {
					_, ok, err := g.Authenticate(t.Context(), at(tc.bad, "alice", "wrong"))
					require.NoError(t, err)
					require.False(t, ok)
				}
				asked, before := k.asked.Load(), seen.all()

				type result struct {
					id    eauth.Identity
					ok    bool
					err   error
					took  time.Duration
					asked int32
				}
				try := func(password string) result {
					start := time.Now()
					id, ok, err := g.Authenticate(t.Context(), at(tc.bad, "alice", password))
					id.Grant = nil
					return result{id, ok, err, time.Since(start), k.asked.Load() - asked}
				}
				refused := result{took: time.Second}
				require.Equal(t, refused, try("wrong"))
				right := try("right")
				if tc.passes {
					require.True(t, right.ok)
					require.EqualValues(t, 1, right.asked, "it was checked")
					return
				}
				require.Equal(t, refused, right)
				require.Equal(t, before[guard.Throttled]+2, seen.all()[guard.Throttled])
				id, ok, err := g.Authenticate(t.Context(), at(tc.user, "alice", "right"))
				require.NoError(t, err)
				require.Equal(t, tc.user != "", ok, "the user is not locked out: %v", id)
			})
		})
	}
}

// Guesses from the user's own address are bounded too: after so many the right
// password is refused as well, until the user has logged in again. An active
// user's requests do not reset the count of failures.
func TestGuessesFromTheUsersOwnAddress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := &checker{}
		g := guard.New(k, guard.Options{Throttle: throttle.Options{First: time.Minute}})
		try := func(password string) bool {
			_, ok, err := g.Authenticate(t.Context(), creds("alice", password))
			require.NoError(t, err)
			return ok
		}
		require.True(t, try("right"))
		for range 4 {
			require.True(t, try("right"))
			require.False(t, try("wrong"))
		}
		asked := k.asked.Load()
		for i := range 20 {
			require.True(t, try("right"))
			require.False(t, try(fmt.Sprint("guess", i)))
		}
		require.False(t, try("another guess"))
		require.False(t, try("right"))
		require.Equal(t, asked+20, k.asked.Load(), "no guess was checked")

		time.Sleep(time.Minute)
		require.True(t, try("right"), "once the time is over it is checked")
		require.False(t, try("wrong"))
		require.True(t, try("right"), "and passes from then on")
	})
}

// A new user's first login does not wait for the wrong ones of others.
func TestFirstLoginsBesideWrongOnes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := &checker{}
		g := guard.New(k, guard.Options{})
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() { _, _, _ = g.Authenticate(t.Context(), at("198.51.100.1", fmt.Sprint("guess", i), "wrong")) })
		}
		synctest.Wait()
		for i := range 5 {
			start := time.Now()
			_, ok, err := g.Authenticate(t.Context(), at("192.0.2.1", fmt.Sprint("user", i), "right"))
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, rightTakes, time.Since(start))
		}
		wg.Wait()
	})
}

// A burst of guesses at one user is stopped while it waits for slots.
func TestABurstIsThrottledInTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := &checker{}
		g := guard.New(k, guard.Options{Throttle: throttle.Options{First: time.Minute}})
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() { _, _, _ = g.Authenticate(t.Context(), creds("alice", fmt.Sprint("guess", i))) })
		}
		wg.Wait()
		// The first of the three passes its slot on before the others have
		// failed.
		require.LessOrEqual(t, k.asked.Load(), int32(3+3))
	})
}

func TestAllWrongAnswersTakeAsLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := guard.New(&checker{}, guard.Options{
			FailDelay: 3 * time.Second,
			Throttle:  throttle.Options{Free: 1, First: time.Hour},
		})
		for _, c := range []eauth.Credentials{
			creds("alice", "wrong"), creds("alice", "wrong"), // checked
			creds("alice", "wrong"), // throttled
			creds("", "wrong"),      // malformed
		} {
			start := time.Now()
			_, ok, err := g.Authenticate(t.Context(), c)
			require.NoError(t, err)
			require.False(t, ok)
			require.Equal(t, 3*time.Second, time.Since(start))
		}

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		start := time.Now()
		_, ok, _ := g.Authenticate(ctx, creds("", "wrong"))
		require.False(t, ok)
		require.Zero(t, time.Since(start), "who has left is not waited for")
	})
}

func TestABackendThatFails(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fail func() error
		want string
	}{
		"error": {func() error { return errors.New("the module is missing") }, "the module is missing"},
		"panic": {func() error { panic("secret") }, "panicked with a string"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var seen counter
			log := &eauthtest.Log{}
			g := guard.New(&checker{fail: tc.fail}, guard.Options{
				Admission: admission.Options{Others: 1}, Observe: seen.add, Logger: log.Logger(),
			})
			for range 6 { // more than there are slots, and than the throttle lets fail
				_, ok, err := g.Authenticate(t.Context(), creds("alice", "right"))
				require.False(t, ok)
				require.ErrorContains(t, err, tc.want)
				require.NotContains(t, err.Error(), "secret")
			}
			require.Equal(t, map[guard.Outcome]int{guard.Error: 6}, seen.all())
			require.NotContains(t, log.String(), "secret")
		})
	}
}

func TestAFullQueueIsBusy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen counter
		g := guard.New(&checker{}, guard.Options{
			Admission: admission.Options{Others: 1, Waiting: 1}, Observe: seen.add,
		})
		for i := range 2 {
			go func() { _, _, _ = g.Authenticate(t.Context(), creds(fmt.Sprint(i), "wrong")) }()
		}
		synctest.Wait()
		_, ok, err := g.Authenticate(t.Context(), creds("alice", "right"))
		require.False(t, ok)
		require.ErrorIs(t, err, eauth.ErrBusy)
		time.Sleep(3 * wrongTakes)
		require.Equal(t, map[guard.Outcome]int{guard.Busy: 1, guard.Wrong: 2}, seen.all())
	})
}
