package issuer_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/eauth/session"
)

// Every invalid secret gets the same answer after the same work, whatever the reason.
func TestEqualAnswers(t *testing.T) {
	with(t, nil, func(r *env) {
		expired, _ := r.create(user("alice"), func(n *issuer.NewToken) { n.Lifetime = issuer.For(time.Minute) })
		revoked, made := r.create(user("alice"), func(n *issuer.NewToken) { n.Name = "gone" })
		require.NoError(r, r.Revoke(r.Context(), user("alice"), made.ID))
		pending, err := r.Register(r.Context(), user("alice"), issuer.NewToken{Name: "later", Profile: apitoken.ProfileVCD})
		require.NoError(r, err)
		require.NotZero(r, pending)
		time.Sleep(time.Minute)
		work := make(map[string]int64)
		for name, secret := range map[string]string{
			"unknown": apitoken.NewSecret(apitoken.KindAPI).Reveal(), "expired": expired, "revoked": revoked,
		} {
			before := r.store.calls.Load()
			p, ok, err := r.Check(r.Context(), secret, here)
			require.NoError(r, err, name)
			require.False(r, ok, name)
			require.Nil(r, p, name)
			work[name] = r.store.calls.Load() - before
		}
		require.Equal(r, map[string]int64{"unknown": 5, "expired": 5, "revoked": 5}, work)

		before := r.store.calls.Load()
		require.False(r, r.good(r.Service, "saltern_api_typo"))
		require.Equal(r, before, r.store.calls.Load(), "a typo is not looked up")
	})
}

func TestGuessing(t *testing.T) {
	with(t, nil, func(r *env) {
		second := r.another(nil)
		defer second.Close()
		secret, _ := r.create(user("alice"), nil)
		require.True(r, r.good(r.Service, secret))
		fresh, _ := r.create(user("alice"), func(n *issuer.NewToken) { n.Name = "fresh" })

		guess := func(s *issuer.Service, from issuer.Origin) error {
			_, ok, err := s.Check(r.Context(), apitoken.NewSecret(apitoken.KindAccess).Reveal(), from)
			require.False(r, ok)
			return err
		}
		for range 11 {
			require.NoError(r, guess(r.Service, here))
		}
		var late *issuer.Error
		require.ErrorAs(r, guess(second, here), &late, "in every gateway")
		require.Equal(r, issuer.Throttled, late.Kind)
		require.Equal(r, time.Second, late.RetryAfter)
		require.NoError(r, guess(r.Service, there), "by address")
		require.True(r, r.good(r.Service, secret), "what was good before is not concerned")
		require.True(r, r.good(r.Service, r.exchange(secret).Access.Reveal()), "nor what it is exchanged for")
		_, _, err := r.Check(r.Context(), fresh, here)
		require.ErrorAs(r, err, &late)
		require.Equal(r, issuer.Throttled, late.Kind)
		_, err = r.Exchange(r.Context(), fresh, issuer.Request{Profile: apitoken.ProfileCSP, From: here})
		require.ErrorAs(r, err, &late)
		require.Equal(r, issuer.Throttled, late.Kind)

		time.Sleep(time.Second)
		require.True(r, r.good(r.Service, fresh))
		require.NoError(r, guess(r.Service, here))
		require.ErrorAs(r, guess(r.Service, here), &late)
		require.Equal(r, issuer.Throttled, late.Kind)
		require.Equal(r, 2*time.Second, late.RetryAfter)
		time.Sleep(11 * time.Minute)
		require.NoError(r, guess(r.Service, here), "forgotten")
		require.Contains(r, r.told(), "refused:throttled")
	})
}

// While an address is throttled, a secret that was never valid there is refused,
// valid or not: with the same error, after the same work. Where it was valid, it
// passes for a day.
func TestThrottlingTellsNothing(t *testing.T) {
	with(t, nil, func(r *env) {
		secret, _ := r.create(user("alice"), nil)
		require.True(r, r.good(r.Service, secret)) // here
		elsewhere := issuer.Origin{Addr: there.Addr}
		unknown := issuer.Origin{}
		throttle := func(from issuer.Origin) {
			for range 11 {
				_, ok, err := r.Check(r.Context(), apitoken.NewSecret(apitoken.KindAPI).Reveal(), from)
				require.NoError(r, err)
				require.False(r, ok)
			}
		}
		for name, from := range map[string]issuer.Origin{"elsewhere": elsewhere, "without an address": unknown} {
			throttle(from)
			type result struct {
				p     *issuer.Principal
				ok    bool
				late  issuer.Error
				calls int64
				told  []string
			}
			try := func(secret string) (res result) {
				r.told()
				calls := r.store.calls.Load()
				var err error
				res.p, res.ok, err = r.Check(r.Context(), secret, from)
				var late *issuer.Error
				require.ErrorAs(r, err, &late, name)
				require.Equal(r, issuer.Throttled, late.Kind)
				res.late, res.calls, res.told = *late, r.store.calls.Load()-calls, r.told()
				return res
			}
			wrong := try(apitoken.NewSecret(apitoken.KindAPI).Reveal())
			require.Equal(r, time.Second, wrong.late.RetryAfter)
			require.Equal(r, wrong, try(secret), name)
		}
		throttle(here)
		require.True(r, r.good(r.Service, secret), "where it was good")

		time.Sleep(24 * time.Hour)
		throttle(here)
		_, _, err := r.Check(r.Context(), secret, here)
		require.ErrorIs(r, err, issuer.Throttled, "a day later it has to be good again first")
		time.Sleep(time.Second)
		require.True(r, r.good(r.Service, secret))
	})
}

// An introspected token was sent by another client: a wrong one counts neither
// against the caller nor as a guess at the secret.
func TestIntrospectionIsNoGuessing(t *testing.T) {
	with(t, bosses, func(r *env) {
		admin := user("carol", "admins")
		scoped, _ := r.create(user("boss"), func(n *issuer.NewToken) { n.Scopes = []string{"Superuser"} })
		secret, _ := r.create(user("alice"), nil)
		revoked, made := r.create(user("alice"), func(n *issuer.NewToken) { n.Name = "gone" })
		require.NoError(r, r.Revoke(r.Context(), user("alice"), made.ID))
		for _, c := range []issuer.Caller{admin, r.principal(scoped).Caller(here)} {
			c.From = here
			for range 30 {
				for _, bad := range []string{revoked, apitoken.NewSecret(apitoken.KindAPI).Reveal()} {
					got, err := r.Introspect(r.Context(), c, bad)
					require.NoError(r, err)
					require.False(r, got.Active)
				}
			}
			got, err := r.Introspect(r.Context(), c, secret)
			require.NoError(r, err)
			require.True(r, got.Active)
		}
		require.True(r, r.good(r.Service, r.exchange(secret).Access.Reveal()), "others at the address")
		require.False(r, r.good(r.Service, revoked), "others with the secret")

		// Failures of others at the same address do not count against the user.
		bob := user("bob")
		bob.From = here
		throttled := false
		for range 12 {
			_, err := r.Introspect(r.Context(), bob, apitoken.NewSecret(apitoken.KindAPI).Reveal())
			if err != nil {
				require.ErrorIs(r, err, issuer.Throttled)
				throttled = true
			}
		}
		require.True(r, throttled, "a caller who may see only its own tokens may be guessing")
		fresh, _ := r.create(user("alice"), func(n *issuer.NewToken) { n.Name = "fresh" })
		_, err := r.Introspect(r.Context(), bob, fresh)
		require.ErrorIs(r, err, issuer.Throttled)
		admin.From = here
		got, err := r.Introspect(r.Context(), admin, fresh)
		require.NoError(r, err)
		require.True(r, got.Active)
	})
}

// Failures with one secret are counted over all addresses.
func TestGuessingOneSecret(t *testing.T) {
	with(t, nil, func(r *env) {
		secret, made := r.create(user("alice"), nil)
		require.NoError(r, r.Revoke(r.Context(), user("alice"), made.ID))
		var err error
		for i := range 12 {
			from := here
			from.Addr = here.Addr
			for range i {
				from.Addr = from.Addr.Next()
			}
			_, _, err = r.Check(r.Context(), secret, from)
		}
		require.ErrorIs(r, err, issuer.Throttled)
	})
}

// A store that does not answer is an error, also for secrets that passed before.
func TestTheStoreIsAway(t *testing.T) {
	with(t, nil, func(r *env) {
		secret, made := r.create(user("alice"), nil)
		require.True(r, r.good(r.Service, secret))
		r.store.down.Store(true)
		ctx := r.Context()
		_, ok, err := r.Check(ctx, secret, here)
		require.False(r, ok)
		errs := []error{err}
		add := func(err error) { errs = append(errs, err) }
		_, err = r.Exchange(ctx, secret, issuer.Request{Profile: apitoken.ProfileCSP, From: there})
		add(err)
		_, _, err = r.Create(ctx, user("alice"), issuer.NewToken{Name: "x", Scopes: []string{"User"}, Profile: "native"})
		add(err)
		_, err = r.Get(ctx, user("alice"), made.ID)
		add(err)
		_, _, err = r.List(ctx, user("alice"), issuer.Query{})
		add(err)
		add(r.Revoke(ctx, user("alice"), made.ID))
		_, err = r.Introspect(ctx, user("alice"), secret)
		add(err)
		_, _, _, err = r.Details(ctx, secret, here)
		add(err)
		add(r.RevokeSecret(ctx, secret, here))
		_, err = r.Account(ctx, operator, made.ID)
		add(err)
		for i, err := range errs {
			require.ErrorIs(r, err, apitoken.ErrUnavailable, "%d", i)
		}
		r.store.down.Store(false)
		require.True(r, r.good(r.Service, secret))
	})
}

// After a revocation at one gateway, another one refuses the next request and ends
// the token's streams.
func TestTwoGateways(t *testing.T) {
	with(t, nil, func(r *env) {
		second := r.another(nil)
		defer second.Close()
		secret, made := r.create(user("alice"), nil)
		x, err := second.Exchange(r.Context(), secret, issuer.Request{Profile: apitoken.ProfileCSP, From: here})
		require.NoError(r, err)
		p, ok, err := second.Check(r.Context(), x.Access.Reveal(), here)
		require.NoError(r, err)
		require.True(r, ok)
		stream, done := second.Follow(r.Context(), p, role.EventRead)
		defer done()
		require.NoError(r, stream.Err())

		require.NoError(r, r.Revoke(r.Context(), user("alice"), made.ID))
		require.False(r, r.good(second, x.Access.Reveal()))
		require.False(r, r.good(second, secret))
		time.Sleep(time.Second)
		require.ErrorIs(r, context.Cause(stream), session.ErrRevoked)
	})
}

// What ends a stream, and within which time.
func TestStreams(t *testing.T) {
	for name, c := range map[string]struct {
		do     func(r *env, made apitoken.Record)
		within time.Duration
		want   error
	}{
		"revoked":     {func(r *env, made apitoken.Record) { _ = r.Revoke(r.Context(), user("alice"), made.ID) }, 0, session.ErrRevoked},
		"regenerated": {func(r *env, made apitoken.Record) { _, _, _ = r.Regenerate(r.Context(), user("alice"), made.ID) }, 0, session.ErrRevoked},
		"expired":     {func(*env, apitoken.Record) {}, time.Hour, session.ErrExpired},
		"owner gone":  {func(r *env, _ apitoken.Record) { r.town.set(func() { r.town.gone["alice"] = true }) }, 11 * time.Second, session.ErrRevoked},
		"role gone":   {func(r *env, _ apitoken.Record) { _ = r.DeleteRole(r.Context(), operator, "listen") }, time.Second, session.ErrRevoked},
		"store away":  {func(r *env, _ apitoken.Record) { r.store.down.Store(true) }, 40 * time.Second, session.ErrRevoked},
		"closed":      {func(r *env, _ apitoken.Record) { r.Close() }, 0, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			with(t, nil, func(r *env) {
				require.NoError(r, r.PutRole(r.Context(), operator,
					role.Role{Name: "listen", Permissions: []role.Permission{role.EventRead}}, true))
				secret, made := r.create(user("alice"), func(n *issuer.NewToken) { n.Scopes = []string{"listen"} })
				stream, done := r.Follow(r.Context(), r.principal(r.exchange(secret).Access.Reveal()), role.EventRead)
				defer done()
				if name != "expired" {
					time.Sleep(time.Minute)
				}
				synctest.Wait()
				require.NoError(r, stream.Err())
				c.do(r, made)
				time.Sleep(c.within)
				synctest.Wait()
				require.ErrorIs(r, context.Cause(stream), c.want)
				r.store.down.Store(false)
			})
		})
	}
}

// A token that ended before Follow gets a context that has ended.
func TestFollowingTooLate(t *testing.T) {
	with(t, nil, func(r *env) {
		secret, made := r.create(user("alice"), nil)
		p := r.principal(secret)
		require.NoError(r, r.Revoke(r.Context(), user("alice"), made.ID))
		stream, done := r.Follow(r.Context(), p)
		defer done()
		require.ErrorIs(r, context.Cause(stream), session.ErrRevoked)

		r.Close()
		stream, done = r.Follow(r.Context(), p)
		defer done()
		require.Error(r, stream.Err())
	})
}

func TestIntrospection(t *testing.T) {
	with(t, bosses, func(r *env) {
		secret, made := r.create(user("alice"), nil)
		other, _ := r.create(user("bob"), nil)
		for name, c := range map[string]struct {
			caller issuer.Caller
			active bool
		}{
			"herself":       {user("alice"), true},
			"her own token": {r.principal(secret).Caller(here), true},
			"another":       {user("bob"), false},
			"another token": {r.principal(other).Caller(here), false},
			"administrator": {user("carol", "admins"), true},
		} {
			got, err := r.Introspect(r.Context(), c.caller, secret)
			require.NoError(r, err, name)
			require.Equal(r, c.active, got.Active, name)
			if !c.active {
				require.Zero(r, got, name)
			} else {
				require.Equal(r, made.ID, got.Record.ID)
				require.Equal(r, "alice", got.User)
			}
		}
		_, err := r.Introspect(r.Context(), issuer.Caller{From: here}, secret)
		require.ErrorIs(r, err, issuer.Forbidden)
		for _, bad := range []string{"", "x", apitoken.NewSecret(apitoken.KindAPI).Reveal()} {
			got, err := r.Introspect(r.Context(), user("carol", "admins"), bad)
			require.NoError(r, err)
			require.Zero(r, got)
			_, _, ok, err := r.Details(r.Context(), bad, here)
			require.NoError(r, err)
			require.False(r, ok)
			require.NoError(r, r.RevokeSecret(r.Context(), bad, here))
		}

		detail, owner, ok, err := r.Details(r.Context(), secret, here)
		require.NoError(r, err)
		require.True(r, ok)
		require.Equal(r, "alice", owner)
		require.Equal(r, made.ID, detail.ID)

		access := r.exchange(secret).Access.Reveal()
		require.NoError(r, r.RevokeSecret(r.Context(), access, here))
		require.False(r, r.good(r.Service, access))
		require.True(r, r.good(r.Service, secret), "only what was shown")
		access = r.exchange(secret).Access.Reveal()
		require.NoError(r, r.RevokeSecret(r.Context(), secret, here))
		require.NoError(r, r.RevokeSecret(r.Context(), secret, here))
		require.False(r, r.good(r.Service, secret))
		require.False(r, r.good(r.Service, access), "and what it was exchanged for")
	})
}

// With concurrent calls each name is taken once, and a revocation is final.
func TestManyAtOnce(t *testing.T) {
	with(t, nil, func(r *env) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		made := 0
		for range 50 {
			wg.Go(func() {
				_, _, err := r.Create(r.Context(), user("alice"),
					issuer.NewToken{Name: "ci", Scopes: []string{"User"}, Profile: apitoken.ProfileNative})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					made++
				} else if !errors.Is(err, issuer.Conflict) {
					r.Error(err)
				}
			})
		}
		wg.Wait()
		require.Equal(r, 1, made)

		secret, token := r.create(user("bob"), nil)
		var out []string
		for i := range 50 {
			wg.Go(func() {
				if i == 25 {
					_ = r.Revoke(r.Context(), user("bob"), token.ID)
				}
				x, err := r.Exchange(r.Context(), secret, issuer.Request{Profile: apitoken.ProfileVCD, From: here})
				if err == nil {
					mu.Lock()
					defer mu.Unlock()
					out = append(out, x.Access.Reveal())
				}
			})
		}
		wg.Wait()
		for _, access := range out {
			p, ok, err := r.Check(r.Context(), access, issuer.Origin{Addr: there.Addr})
			if err == nil {
				require.False(r, ok)
			}
			require.Nil(r, p)
		}
	})
}
