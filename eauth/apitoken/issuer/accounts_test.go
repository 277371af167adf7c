package issuer_test

import (
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
)

// account creates a service account that acts as boss.
func (r *env) account(scopes ...string) issuer.Account {
	r.Helper()
	a, err := r.CreateAccount(r.Context(), user("boss"), issuer.NewAccount{Name: "robot", Scopes: scopes, SoftwareID: "s-1"})
	require.NoError(r, err)
	require.Equal(r, issuer.Created, a.Status)
	return a
}

// letIn takes a service account through the device flow.
func (r *env) letIn(a issuer.Account) *issuer.Exchange {
	r.Helper()
	time.Sleep(time.Second)
	code, err := r.BeginDevice(r.Context(), a.ID, here)
	require.NoError(r, err)
	require.NoError(r, r.AnswerDevice(r.Context(), user("boss"), code.UserCode, true))
	x, err := r.ExchangeDevice(r.Context(), code.Code.Reveal(), a.ID, issuer.Request{Profile: apitoken.ProfileVCD, From: here})
	require.NoError(r, err)
	return x
}

func (r *env) refresh(secret *apitoken.Secret) (*issuer.Exchange, error) {
	return r.Exchange(r.Context(), secret.Reveal(), issuer.Request{Profile: apitoken.ProfileVCD, From: there})
}

func TestADeviceIsLetIn(t *testing.T) {
	with(t, bosses, func(r *env) {
		ctx, boss := r.Context(), user("boss")
		a := r.account("User")
		code, err := r.BeginDevice(ctx, a.ID, here)
		require.NoError(r, err)
		require.Regexp(r, "^[B-Z]{4}-[B-Z]{4}$", code.UserCode)
		poll := func(id string) (*issuer.Exchange, error) {
			return r.ExchangeDevice(ctx, code.Code.Reveal(), id, issuer.Request{Profile: apitoken.ProfileVCD, From: here})
		}
		_, err = poll(a.ID)
		require.ErrorIs(r, err, issuer.AuthorizationPending)
		_, err = poll(a.ID)
		require.ErrorIs(r, err, issuer.SlowDown)
		time.Sleep(code.Interval)
		_, err = poll(a.ID)
		require.ErrorIs(r, err, issuer.AuthorizationPending)
		_, err = poll(apitoken.NewID())
		require.ErrorIs(r, err, issuer.InvalidGrant, "another client's")

		require.ErrorIs(r, r.AnswerDevice(ctx, user("alice"), code.UserCode, true), issuer.Forbidden)
		require.ErrorIs(r, r.AnswerDevice(ctx, boss, "BCDF-GHJK", true), issuer.NotFound)
		require.ErrorIs(r, r.AnswerDevice(ctx, boss, "", true), issuer.NotFound)
		found, err := r.DeviceAccount(ctx, boss, code.UserCode)
		require.NoError(r, err)
		require.Equal(r, a.ID, found.ID)
		require.Equal(r, issuer.Requested, found.Status)
		lower := " " + string([]byte(code.UserCode)[:4]) + string([]byte(code.UserCode)[5:])
		require.NoError(r, r.AnswerDevice(ctx, boss, lower, true), "as people write it")
		require.ErrorIs(r, r.AnswerDevice(ctx, boss, code.UserCode, false), issuer.NotFound, "it is answered")

		x, err := poll(a.ID)
		require.NoError(r, err)
		require.Equal(r, 30*day, x.Lifetime)
		p := r.principal(x.Access.Reveal())
		require.Equal(r, "boss", p.User)
		require.Equal(r, a.ID, p.Owner.ServiceAccount)
		require.Equal(r, []string{"User"}, p.ScopeNames)
		_, err = poll(a.ID)
		require.ErrorIs(r, err, issuer.InvalidGrant, "once")
		found, err = r.Account(ctx, boss, a.ID)
		require.NoError(r, err)
		require.Equal(r, issuer.Active, found.Status)
	})
}

func TestADeviceIsNotLetIn(t *testing.T) {
	with(t, bosses, func(r *env) {
		a := r.account("User")
		code, err := r.BeginDevice(r.Context(), a.ID, here)
		require.NoError(r, err)
		require.NoError(r, r.AnswerDevice(r.Context(), user("boss"), code.UserCode, false))
		req := issuer.Request{Profile: apitoken.ProfileVCD, From: here}
		_, err = r.ExchangeDevice(r.Context(), code.Code.Reveal(), a.ID, req)
		require.ErrorIs(r, err, issuer.AccessDenied)

		_, err = r.BeginDevice(r.Context(), a.ID, here)
		require.ErrorIs(r, err, issuer.Throttled)
		time.Sleep(time.Second)
		code, err = r.BeginDevice(r.Context(), a.ID, here)
		require.NoError(r, err)
		time.Sleep(code.Expires)
		_, err = r.ExchangeDevice(r.Context(), code.Code.Reveal(), a.ID, req)
		require.ErrorIs(r, err, issuer.ExpiredToken)
		require.ErrorIs(r, r.AnswerDevice(r.Context(), user("boss"), code.UserCode, true), issuer.NotFound)

		_, err = r.BeginDevice(r.Context(), apitoken.NewID(), here)
		require.ErrorIs(r, err, issuer.NotFound)
		require.Equal(r, []string{"changed", "denied", "refused:expired"}, r.told())
		_, err = r.ExchangeDevice(r.Context(), apitoken.NewSecret(apitoken.KindAPI).Reveal(), a.ID, req)
		require.ErrorIs(r, err, issuer.InvalidGrant)
		require.Equal(r, []string{"refused:malformed"}, r.told())
		time.Sleep(time.Hour)
		found, err := r.store.Documents(r.Context(), "device-codes", "", 10)
		require.NoError(r, err)
		require.Empty(r, found, "they are tidied away")
	})
}

// The id of a service account is no secret: a client that requests codes all the
// time does not keep devices at other addresses from getting one, and the codes for
// all of them together are bounded.
func TestCodesOfOneAccount(t *testing.T) {
	with(t, bosses, func(r *env) {
		a := r.account("User")
		begin := func(addr string) error {
			_, err := r.BeginDevice(r.Context(), a.ID, issuer.Origin{Addr: netip.MustParseAddr(addr)})
			return err
		}
		var late *issuer.Error
		for range 3 {
			require.NoError(r, begin("2001:db8::1"))
			for i := range 100 {
				require.ErrorAs(r, begin(fmt.Sprintf("2001:db8::%x", i)), &late)
				require.Equal(r, issuer.Throttled, late.Kind)
			}
			require.NoError(r, begin("192.0.2.1"))
			time.Sleep(time.Second)
		}
		for i := range 20 {
			err := begin(fmt.Sprintf("198.51.100.%d", i))
			if i < 8 {
				require.NoError(r, err)
				continue
			}
			require.ErrorAs(r, err, &late)
			require.Equal(r, issuer.Throttled, late.Kind)
			require.Equal(r, time.Second, late.RetryAfter)
		}
	})
}

// User codes are short, so guesses of them are throttled too.
func TestGuessingUserCodes(t *testing.T) {
	with(t, bosses, func(r *env) {
		var err error
		for range 12 {
			err = r.AnswerDevice(r.Context(), user("boss"), "BCDF-GHJK", true)
		}
		require.ErrorIs(r, err, issuer.Throttled)
	})
}

// A refresh token is valid once. Presented again, its whole family is revoked.
func TestRotation(t *testing.T) {
	with(t, bosses, func(r *env) {
		first := r.letIn(r.account("User"))
		require.False(r, r.good(r.Service, first.Refresh.Reveal()), "it is no access token")
		second, err := r.refresh(first.Refresh)
		require.NoError(r, err)
		require.NotEqual(r, first.Refresh.Reveal(), second.Refresh.Reveal())
		third, err := r.refresh(second.Refresh)
		require.NoError(r, err)
		require.True(r, r.good(r.Service, first.Access.Reveal()))
		r.told()

		_, err = r.refresh(first.Refresh)
		require.ErrorIs(r, err, issuer.InvalidGrant)
		require.Equal(r, []string{"refused:used", "reused:reused"}, r.told())
		for _, x := range []*issuer.Exchange{first, second, third} {
			require.False(r, r.good(r.Service, x.Access.Reveal()))
		}
		_, err = r.refresh(third.Refresh)
		require.ErrorIs(r, err, issuer.InvalidGrant)
	})
}

func TestRotationAtOnce(t *testing.T) {
	with(t, bosses, func(r *env) {
		first := r.letIn(r.account("User"))
		var wg sync.WaitGroup
		var mu sync.Mutex
		var got []*issuer.Exchange
		for range 20 {
			wg.Go(func() {
				if x, err := r.refresh(first.Refresh); err == nil {
					mu.Lock()
					defer mu.Unlock()
					got = append(got, x)
				}
			})
		}
		wg.Wait()
		require.Len(r, got, 1)
		require.False(r, r.good(r.Service, got[0].Access.Reveal()), "somebody else has it too")
	})
}

func TestAccounts(t *testing.T) {
	with(t, bosses, func(r *env) {
		ctx, boss, carol := r.Context(), user("boss"), user("carol", "admins")
		a := r.account("User", "Read-only")
		for name, c := range map[string]struct {
			caller issuer.Caller
			new    issuer.NewAccount
			want   error
		}{
			"not allowed": {user("alice"), issuer.NewAccount{Name: "x", Scopes: []string{"User"}}, issuer.Forbidden},
			"taken":       {boss, issuer.NewAccount{Name: "robot", Scopes: []string{"User"}}, issuer.Conflict},
			"no scopes":   {boss, issuer.NewAccount{Name: "x"}, issuer.Invalid},
			"no name":     {boss, issuer.NewAccount{Scopes: []string{"User"}}, issuer.Invalid},
			"line end":    {boss, issuer.NewAccount{Name: "x", URI: "a\nb", Scopes: []string{"User"}}, issuer.Invalid},
			"as somebody": {carol, issuer.NewAccount{Name: "x", Scopes: []string{"User"}, User: "boss", Eauth: "pam"}, issuer.Forbidden},
			"as nobody":   {boss, issuer.NewAccount{Name: "x", Scopes: []string{"User"}, User: "x", Eauth: "none"}, issuer.Invalid},
			"as another":  {boss, issuer.NewAccount{Name: "second", Scopes: []string{"User"}, User: "bob", Eauth: "pam"}, nil},
			"as oneself":  {carol, issuer.NewAccount{Name: "third", Scopes: []string{"User"}, User: "carol", Eauth: "pam"}, nil},
		} {
			_, err := r.CreateAccount(ctx, c.caller, c.new)
			require.ErrorIs(r, err, c.want, name)
		}
		all, err := r.Accounts(ctx, carol)
		require.NoError(r, err)
		require.Len(r, all, 3)
		_, err = r.Accounts(ctx, user("alice"))
		require.ErrorIs(r, err, issuer.Forbidden)

		// An API token of the account is limited to the account's scopes.
		token := func(n *issuer.NewToken) { n.Owner, n.Scopes = apitoken.Owner{ServiceAccount: a.ID}, nil }
		secret, made := r.create(boss, token)
		require.ElementsMatch(r, a.Scopes, made.Scopes)
		_, _, err = r.Create(ctx, boss, issuer.NewToken{Name: "y", Profile: "native", Owner: made.Owner, Scopes: []string{"Superuser"}})
		require.ErrorIs(r, err, issuer.Invalid)
		_, err = r.UpdateAccount(ctx, boss, a.ID, issuer.NewAccount{Scopes: []string{"Read-only"}})
		require.NoError(r, err)
		require.Equal(r, []string{"Read-only"}, r.principal(secret).ScopeNames)
		_, err = r.UpdateAccount(ctx, boss, a.ID, issuer.NewAccount{User: "alice"})
		require.ErrorIs(r, err, issuer.Invalid)

		// After a revocation its device has to be approved again.
		x := r.letIn(a)
		require.NoError(r, revokeAccount(r, boss, a.ID))
		require.False(r, r.good(r.Service, secret))
		require.False(r, r.good(r.Service, x.Access.Reveal()))
		_, err = r.refresh(x.Refresh)
		require.ErrorIs(r, err, issuer.InvalidGrant)
		x = r.letIn(a)
		require.True(r, r.good(r.Service, x.Access.Reveal()))

		// Without the account none of its tokens is valid.
		require.ErrorIs(r, r.DeleteAccount(ctx, user("alice"), a.ID), issuer.Forbidden)
		require.NoError(r, r.DeleteAccount(ctx, boss, a.ID))
		require.False(r, r.good(r.Service, x.Access.Reveal()))
		_, err = r.Account(ctx, boss, a.ID)
		require.ErrorIs(r, err, issuer.NotFound)
		r.account("User") // the name is free again
	})
}

// There are no more accounts than can be listed at once.
func TestTooManyAccounts(t *testing.T) {
	with(t, bosses, func(r *env) {
		ctx, boss := r.Context(), user("boss")
		a := r.account("User")
		for range 9999 {
			_, err := r.store.PutDocument(ctx, "service-accounts", apitoken.Document{Key: apitoken.NewID(), Value: []byte("{}")})
			require.NoError(r, err)
		}
		more := issuer.NewAccount{Name: "more", Scopes: []string{"User"}}
		_, err := r.CreateAccount(ctx, boss, more)
		require.ErrorIs(r, err, issuer.Conflict)
		require.ErrorContains(r, err, "there are 10000 service accounts already")
		require.NoError(r, r.DeleteAccount(ctx, boss, a.ID))
		_, err = r.CreateAccount(ctx, boss, more)
		require.NoError(r, err, "its name was not taken")
	})
}

// A caller that may only manage service accounts does not get the rights of the user
// that an account acts as.
func TestAnAccountOfAnother(t *testing.T) {
	with(t, bosses, func(r *env) {
		ctx, carol := r.Context(), user("carol", "admins")
		a := r.account("Read-only", "User")
		owner := apitoken.Owner{ServiceAccount: a.ID}
		_, made := r.create(user("boss"), func(n *issuer.NewToken) { n.Owner, n.Scopes = owner, nil })

		_, _, err := r.Create(ctx, carol, issuer.NewToken{Name: "x", Owner: owner, Profile: apitoken.ProfileNative})
		require.ErrorIs(r, err, issuer.Forbidden)
		_, _, err = r.Regenerate(ctx, carol, made.ID)
		require.ErrorIs(r, err, issuer.Forbidden)
		for _, scopes := range [][]string{{"Superuser"}, {"Administrator"}, {"User", "Administrator"}} {
			_, err = r.UpdateAccount(ctx, carol, a.ID, issuer.NewAccount{Scopes: scopes})
			require.ErrorIs(r, err, issuer.Forbidden)
		}
		code, err := r.BeginDevice(ctx, a.ID, here)
		require.NoError(r, err)
		require.ErrorIs(r, r.AnswerDevice(ctx, carol, code.UserCode, true), issuer.Forbidden)

		// She may deny, revoke and reduce scopes.
		require.NoError(r, r.AnswerDevice(ctx, carol, code.UserCode, false))
		_, err = r.UpdateAccount(ctx, carol, a.ID, issuer.NewAccount{Scopes: []string{"Read-only"}})
		require.NoError(r, err)
		_, err = r.Get(ctx, carol, made.ID)
		require.NoError(r, err)
		require.NoError(r, r.Revoke(ctx, carol, made.ID))
		require.NoError(r, revokeAccount(r, carol, a.ID))

		// An account that acts as its creator belongs to the creator.
		own, err := r.CreateAccount(ctx, carol, issuer.NewAccount{Name: "own", Scopes: []string{"User"}})
		require.NoError(r, err)
		_, err = r.UpdateAccount(ctx, carol, own.ID, issuer.NewAccount{Scopes: []string{"Superuser"}})
		require.NoError(r, err)
		secret, _ := r.create(carol, func(n *issuer.NewToken) { n.Owner = apitoken.Owner{ServiceAccount: own.ID} })
		require.Equal(r, "carol", r.principal(secret).User)
	})
}

func revokeAccount(r *env, c issuer.Caller, id string) error {
	_, err := r.RevokeAccount(r.Context(), c, id)
	return err
}

// A device code that was approved but not used is not valid after a revocation.
func TestACodeOfARevokedAccount(t *testing.T) {
	with(t, bosses, func(r *env) {
		a := r.account("User")
		code, err := r.BeginDevice(r.Context(), a.ID, here)
		require.NoError(r, err)
		require.NoError(r, r.AnswerDevice(r.Context(), user("boss"), code.UserCode, true))
		time.Sleep(time.Second)
		require.NoError(r, revokeAccount(r, user("boss"), a.ID))
		_, err = r.ExchangeDevice(r.Context(), code.Code.Reveal(), a.ID, issuer.Request{Profile: apitoken.ProfileVCD, From: here})
		require.ErrorIs(r, err, issuer.InvalidGrant)
	})
}
