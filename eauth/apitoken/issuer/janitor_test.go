package issuer_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
)

// forever gives a new token this name and no expiry.
func forever(name string) func(*issuer.NewToken) {
	return func(n *issuer.NewToken) { n.Name, n.Lifetime = name, issuer.Never() }
}

func unusedFor(d time.Duration) func(*issuer.Options) {
	return func(o *issuer.Options) { o.UnusedFor = d }
}

// A token that was not used for UnusedFor is revoked, with what it was exchanged
// for; a token that is used in any way is not.
func TestUnused(t *testing.T) {
	with(t, unusedFor(2*day), func(r *env) {
		second := r.another(unusedFor(2 * day)) // which runs its janitor too
		defer second.Close()
		idle, idleMade := r.create(user("alice"), forever("idle"))
		direct, _ := r.create(user("alice"), forever("direct"))
		exchanged, _ := r.create(user("alice"), forever("exchanged"))
		listening, listeningMade := r.create(user("alice"), forever("listening"))
		pending, err := r.Register(r.Context(), user("alice"), issuer.NewToken{Name: "later", Profile: apitoken.ProfileVCD})
		require.NoError(r, err)
		vcd := func(secret string) *issuer.Exchange {
			x, err := r.Exchange(r.Context(), secret, issuer.Request{Profile: apitoken.ProfileVCD, From: here})
			require.NoError(r, err)
			return x
		}
		idleAccess, usedAccess := vcd(idle), vcd(exchanged).Access.Reveal()
		stream, done := r.Follow(r.Context(), r.principal(vcd(listening).Access.Reveal()), role.EventRead)
		defer done()
		r.told()

		time.Sleep(2*day - time.Hour)
		require.Empty(r, r.told())
		require.NoError(r, stream.Err())
		require.True(r, r.good(second, direct))
		require.True(r, r.good(second, usedAccess), "which is a use of what it was exchanged for")
		time.Sleep(2 * time.Hour)
		require.ElementsMatch(r, []string{"later", "idle"}, r.ended(apitoken.WhyUnused))
		require.False(r, r.good(r.Service, idle))
		require.False(r, r.good(second, idleAccess.Access.Reveal()), "it ends with its parent")
		_, err = r.Get(r.Context(), user("alice"), idleMade.ID)
		require.ErrorIs(r, err, issuer.NotFound)
		_, err = r.IssueInitialSecret(r.Context(), user("alice"), pending.ID, issuer.Request{Profile: apitoken.ProfileVCD, From: here})
		require.ErrorIs(r, err, issuer.NotFound)

		require.NoError(r, stream.Err(), "listening is a use")
		held, err := r.Get(r.Context(), user("alice"), listeningMade.ID)
		require.NoError(r, err)
		require.Equal(r, here.Addr, held.LastUsed.Addr)
		require.True(r, r.good(r.Service, direct))
		require.True(r, r.good(r.Service, exchanged))
		_, again := r.create(user("alice"), forever("idle")) // its name is free
		require.NotEqual(r, idleMade.ID, again.ID)
	})
}

// The event of an unused token names all that was revoked with it.
func TestUnusedIsTold(t *testing.T) {
	with(t, unusedFor(20*day), func(r *env) {
		secret, made := r.create(user("alice"), forever("idle"))
		x, err := r.Exchange(r.Context(), secret, issuer.Request{Profile: apitoken.ProfileVCD, From: here})
		require.NoError(r, err)
		time.Sleep(21 * day)
		r.mu.Lock()
		last := r.events[len(r.events)-1]
		r.mu.Unlock()
		require.Equal(r, issuer.Revoked, last.What)
		require.Equal(r, apitoken.WhyUnused, last.Why)
		require.Equal(r, made.ID, last.Token.ID)
		require.ElementsMatch(r, []string{made.ID, x.Record.ID}, last.Others)
		require.Zero(r, last.By.Name())
	})
}

// A regeneration counts as a use.
func TestNotUnused(t *testing.T) {
	with(t, unusedFor(20*day), func(r *env) {
		_, made := r.create(user("alice"), forever("ci"))
		time.Sleep(15 * day)
		secret, _, err := r.Regenerate(r.Context(), user("alice"), made.ID)
		require.NoError(r, err)
		time.Sleep(15 * day)
		require.True(r, r.good(r.Service, secret.Reveal()))
	})
}

func TestUnusedForEver(t *testing.T) {
	with(t, nil, func(r *env) {
		secret, _ := r.create(user("alice"), forever("ci"))
		time.Sleep(200 * day)
		require.True(r, r.good(r.Service, secret))
	})
}

// A refresh token stays valid while its access token is used, also for longer than
// UnusedFor; it is revoked when neither is used.
func TestUnusedAccount(t *testing.T) {
	with(t, func(o *issuer.Options) { bosses(o); o.UnusedFor = 10 * day }, func(r *env) {
		first := r.letIn(r.account("User"))
		second, err := r.refresh(first.Refresh)
		require.NoError(r, err)
		for range 29 {
			time.Sleep(day)
			require.True(r, r.good(r.Service, second.Access.Reveal()))
		}
		third, err := r.refresh(second.Refresh)
		require.NoError(r, err)
		r.told()
		time.Sleep(9 * day)
		require.Empty(r, r.ended(apitoken.WhyUnused))
		time.Sleep(2 * day)
		require.Len(r, r.ended(apitoken.WhyUnused), 1)
		_, err = r.refresh(third.Refresh)
		require.ErrorIs(r, err, issuer.InvalidGrant)
	})
}
