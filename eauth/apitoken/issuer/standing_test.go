package issuer_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
)

// kept returns what is kept of a caller, as it is read again.
func (r *env) kept(c issuer.Caller) (st issuer.Standing) {
	r.Helper()
	made, err := r.Standing(r.Context(), c)
	require.NoError(r, err)
	text, err := json.Marshal(made)
	require.NoError(r, err)
	require.NoError(r, json.Unmarshal(text, &st))
	return st
}

func (r *env) resume(st issuer.Standing) *issuer.Principal {
	r.Helper()
	p, err := r.Resume(r.Context(), st)
	require.NoError(r, err)
	return p
}

// TestStandingOfToken resumes the holder of a token, until the token ends.
func TestStandingOfToken(t *testing.T) {
	with(t, bosses, func(r *env) {
		ctx, boss := r.Context(), user("boss")
		secret, made := r.create(boss, func(n *issuer.NewToken) { n.Scopes = []string{"User", "Read-only"} })
		st := r.kept(r.principal(secret).Caller(here))
		require.Equal(r, made.ID, st.Token)
		p := r.resume(st)
		require.Equal(r, "boss", p.User)
		require.Equal(r, []string{"Read-only", "User"}, p.ScopeNames)
		require.True(r, p.May(role.MinionRead))
		require.False(r, p.May(role.Superuser))

		// An access token may have fewer scopes, and its end is not that of the token.
		x, err := r.Exchange(ctx, secret, issuer.Request{Profile: apitoken.ProfileNative, From: here, Scopes: []string{"Read-only"}})
		require.NoError(r, err)
		narrow := r.kept(r.principal(x.Access.Reveal()).Caller(here))
		time.Sleep(24 * time.Hour)
		require.Equal(r, []string{"Read-only"}, r.resume(narrow).ScopeNames)

		// Nothing but the owner's own token will do.
		for _, change := range []func(*issuer.Standing){
			func(s *issuer.Standing) { s.Owner.User = "alice" }, func(s *issuer.Standing) { s.Owner = apitoken.Owner{} },
			func(s *issuer.Standing) { s.Token = apitoken.NewID() }, func(s *issuer.Standing) { s.Token = x.Record.ID },
		} {
			other := st
			change(&other)
			_, err := r.Resume(ctx, other)
			require.ErrorIs(r, err, issuer.InvalidGrant)
		}

		r.town.set(func() { r.town.gone["boss"] = true })
		time.Sleep(time.Minute)
		_, err = r.Resume(ctx, st)
		require.ErrorIs(r, err, issuer.InvalidGrant)
		r.town.set(func() { r.town.gone["boss"] = false })
		r.resume(st)

		r.store.down.Store(true)
		_, err = r.Resume(ctx, st)
		require.ErrorIs(r, err, apitoken.ErrUnavailable)
		r.store.down.Store(false)

		// A new secret is for when the former one has leaked, and its holder could
		// have made a schedule.
		_, _, err = r.Regenerate(ctx, boss, made.ID)
		require.NoError(r, err)
		_, err = r.Resume(ctx, st)
		require.ErrorIs(r, err, issuer.InvalidGrant)

		other, second := r.create(boss, func(n *issuer.NewToken) { n.Name = "second" })
		st = r.kept(r.principal(other).Caller(here))
		require.NoError(r, r.Revoke(ctx, boss, second.ID))
		_, err = r.Resume(ctx, st)
		require.ErrorIs(r, err, issuer.InvalidGrant)
	})
}

// TestStandingOfLogin resumes a user, with the roles of that moment.
func TestStandingOfLogin(t *testing.T) {
	roles := []string{"Superuser"}
	with(t, func(o *issuer.Options) {
		o.OwnerMaxIdle = 30 * 24 * time.Hour
		o.Assignments = []issuer.Assignment{{Groups: []string{"admins"}, Roles: roles}}
	}, func(r *env) {
		ctx := r.Context()
		r.town.set(func() { r.town.groups["carol"] = []string{"admins"} })
		st := r.kept(user("carol", "admins"))
		require.True(r, st.IsLogin())
		p := r.resume(st)
		require.Equal(r, []string{"admins"}, p.Groups)
		require.True(r, p.May(role.Superuser))
		from, _ := r.town.asked()
		require.Equal(r, here.Addr, from)

		r.town.set(func() { r.town.groups["carol"] = nil })
		time.Sleep(time.Minute)
		p = r.resume(st)
		require.False(r, p.May(role.Superuser), "the group was lost")
		require.True(r, p.May(role.CmdRun))

		r.town.set(func() { r.town.gone["carol"] = true })
		time.Sleep(time.Minute)
		_, err := r.Resume(ctx, st)
		require.ErrorIs(r, err, issuer.InvalidGrant)

		// One who cannot be looked up has to log in now and then.
		st = r.kept(issuer.Caller{User: "dave", Eauth: "ldap", Groups: []string{"admins"}, LoggedIn: true, From: here})
		require.True(r, r.resume(st).May(role.Superuser), "with the groups of the last login")
		time.Sleep(31 * 24 * time.Hour)
		_, err = r.Resume(ctx, st)
		require.ErrorIs(r, err, issuer.OwnerIdle)

		for _, c := range []issuer.Caller{{}, {User: "carol", Eauth: "pam"}} {
			_, err = r.Standing(ctx, c)
			require.ErrorIs(r, err, issuer.LoginRequired, "no login")
		}
		_, err = r.Standing(ctx, operator)
		require.ErrorIs(r, err, issuer.Forbidden)
		_, err = r.Standing(ctx, issuer.Caller{User: "x", Eauth: "none", LoggedIn: true})
		require.ErrorIs(r, err, issuer.Invalid)
	})
}

// TestStandingOfAccount resumes a service account, whose refresh tokens change.
func TestStandingOfAccount(t *testing.T) {
	with(t, bosses, func(r *env) {
		ctx, boss := r.Context(), user("boss")
		a := r.account("User", "Read-only")
		secret, _ := r.create(boss, func(n *issuer.NewToken) { n.Owner, n.Scopes = apitoken.Owner{ServiceAccount: a.ID}, nil })
		st := r.kept(r.principal(secret).Caller(here))
		require.Empty(r, st.Token)
		require.False(r, st.IsLogin())
		require.Equal(r, []string{"Read-only", "User"}, r.resume(st).ScopeNames)
		time.Sleep(time.Minute)
		_, err := r.RevokeAccount(ctx, boss, a.ID)
		require.NoError(r, err)
		_, err = r.Resume(ctx, st)
		require.ErrorIs(r, err, issuer.InvalidGrant)
		require.NoError(r, r.DeleteAccount(ctx, boss, a.ID))
		_, err = r.Resume(ctx, st)
		require.ErrorIs(r, err, issuer.InvalidGrant)
	})
}
