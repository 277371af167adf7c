package issuer_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
)

const day = 24 * time.Hour

func TestATokenFromItsMakingToItsUse(t *testing.T) {
	with(t, nil, func(r *env) {
		secret, made := r.create(user("alice"), func(n *issuer.NewToken) { n.Remind = "alice@example.com" })
		require.Regexp(r, "^"+apitoken.Pattern+"$", secret)
		require.Equal(r, time.Now().AddDate(0, 6, 0), made.Expires)

		seen, err := r.Get(r.Context(), user("alice"), made.ID)
		require.NoError(r, err)
		require.Equal(r, "ci", seen.Name)
		require.Equal(r, []string{"Superuser"}, seen.Scopes)
		require.Zero(r, seen.LastUsed)

		p := r.principal(secret) // used directly
		require.Equal(r, made.ID, p.TokenID)
		require.Equal(r, made.ID, p.RefreshTokenID)

		for profile, life := range map[apitoken.Profile]time.Duration{
			apitoken.ProfileCSP: 1799 * time.Second, apitoken.ProfileVCD: 2592000 * time.Second, apitoken.ProfileNative: time.Hour,
		} {
			x, err := r.Exchange(r.Context(), secret, issuer.Request{Profile: profile, From: here})
			require.NoError(r, err)
			require.Equal(r, life, x.Lifetime)
			require.Nil(r, x.Refresh, "it can be used again")
			require.Greater(r, len(x.Access.Reveal()), 32)

			p := r.principal(x.Access.Reveal())
			require.Equal(r, x.Record.ID, p.TokenID)
			require.Equal(r, made.ID, p.RefreshTokenID)
			require.Equal(r, "alice", p.User)
			require.Equal(r, "pam", p.Eauth)
			require.Equal(r, profile, p.Profile)
			require.True(r, p.Expires.Equal(time.Now().Add(life)))
		}
		synctest.Wait()
		seen, err = r.Get(r.Context(), user("alice"), made.ID)
		require.NoError(r, err)
		require.Equal(r, here.Addr, seen.LastUsed.Addr)
		require.Equal(r, "curl/8", seen.LastUsed.Agent)
		require.Equal(r, []string{"issued", "exchanged", "exchanged", "exchanged"}, r.told())

		time.Sleep(time.Hour)
		require.True(r, r.good(r.Service, secret))
		time.Sleep(200 * day)
		require.False(r, r.good(r.Service, secret))
	})
}

func TestAccessDoesNotOutliveItsToken(t *testing.T) {
	with(t, nil, func(r *env) {
		secret, made := r.create(user("alice"), func(n *issuer.NewToken) { n.Lifetime = issuer.For(10 * time.Minute) })
		x := r.exchange(secret)
		require.Equal(r, 10*time.Minute, x.Lifetime)
		require.True(r, made.Expires.Equal(x.Record.Expires))
		time.Sleep(10 * time.Minute)
		require.False(r, r.good(r.Service, x.Access.Reveal()))
	})
}

func TestLives(t *testing.T) {
	for name, c := range map[string]struct {
		profile apitoken.Profile
		asked   issuer.Lifetime
		most    time.Duration
		want    time.Duration // 0 is never
		fails   bool
	}{
		"csp":                   {profile: apitoken.ProfileCSP, want: 182 * day},
		"vcd":                   {profile: apitoken.ProfileVCD},
		"never":                 {profile: apitoken.ProfileNative, asked: issuer.Never()},
		"180d":                  {profile: apitoken.ProfileNative, asked: issuer.For(180 * day), want: 180 * day},
		"default, cut":          {profile: apitoken.ProfileCSP, most: 30 * day, want: 30 * day},
		"default of VCD, cut":   {profile: apitoken.ProfileVCD, most: 30 * day, want: 30 * day},
		"never, where it ends":  {profile: apitoken.ProfileVCD, asked: issuer.Never(), most: 30 * day, fails: true},
		"longer than the most":  {profile: apitoken.ProfileCSP, asked: issuer.For(31 * day), most: 30 * day, fails: true},
		"the most":              {profile: apitoken.ProfileCSP, asked: issuer.For(30 * day), most: 30 * day, want: 30 * day},
		"the operator's own":    {profile: "native", most: 400 * day, want: 182 * day},
		"a profile that is not": {profile: "back", fails: true},
		"longer than the usual": {profile: apitoken.ProfileCSP, asked: issuer.For(700 * day), want: 700 * day},
	} {
		t.Run(name, func(t *testing.T) {
			with(t, func(o *issuer.Options) { o.MaxLifetime = c.most }, func(r *env) {
				_, made, err := r.Create(r.Context(), user("alice"),
					issuer.NewToken{Name: "ci", Scopes: []string{"User"}, Profile: c.profile, Lifetime: c.asked})
				if c.fails {
					require.ErrorIs(r, err, issuer.Invalid)
					return
				}
				require.NoError(r, err)
				if c.want == 0 {
					require.Zero(r, made.Expires)
					return
				}
				require.Equal(r, c.want, made.Expires.Sub(made.Created).Round(day))
			})
		})
	}
}

func TestParseLifetime(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]issuer.Lifetime{
		"": {}, "never": issuer.Never(), "180d": issuer.For(180 * day), "90s": issuer.For(90 * time.Second),
		"5m": issuer.For(5 * time.Minute), "12h": issuer.For(12 * time.Hour), "2w": issuer.For(14 * day),
		"1y": issuer.For(365 * day), "100y": issuer.For(36500 * day),
	} {
		got, err := issuer.ParseLifetime(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
		again, err := issuer.ParseLifetime(got.String())
		require.NoError(t, err)
		require.Equal(t, got, again)
	}
	for _, text := range []string{"d", "0d", "-1d", "+1d", "1", "1.5d", "1 d", "180D", "Never", "101y", "99999999999999999999d", "1mo", "\x00"} {
		_, err := issuer.ParseLifetime(text)
		require.ErrorIs(t, err, issuer.Invalid, text)
	}
}

func FuzzParseLifetime(f *testing.F) {
	for _, seed := range []string{"", "never", "180d", "1y", "4294967295y", "x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		life, err := issuer.ParseLifetime(text)
		if err != nil {
			return
		}
		again, err := issuer.ParseLifetime(life.String())
		require.NoError(t, err)
		require.Equal(t, life, again)
	})
}

func TestWhatATokenMayNotBe(t *testing.T) {
	with(t, nil, func(r *env) {
		r.create(user("alice"), nil)
		for name, c := range map[string]struct {
			change func(*issuer.NewToken)
			want   error
		}{
			"name taken":        {func(*issuer.NewToken) {}, issuer.Conflict},
			"no name":           {func(n *issuer.NewToken) { n.Name = "" }, issuer.Invalid},
			"spaces":            {func(n *issuer.NewToken) { n.Name = " x" }, issuer.Invalid},
			"line end":          {func(n *issuer.NewToken) { n.Name = "a\nb" }, issuer.Invalid},
			"long":              {func(n *issuer.NewToken) { n.Name = strings.Repeat("n", 129) }, issuer.Invalid},
			"no UTF-8":          {func(n *issuer.NewToken) { n.Name = "\xff" }, issuer.Invalid},
			"no scope":          {func(n *issuer.NewToken) { n.Name, n.Scopes = "x", nil }, issuer.Invalid},
			"no such scope":     {func(n *issuer.NewToken) { n.Name, n.Scopes = "x", []string{"Root"} }, issuer.Invalid},
			"no mail":           {func(n *issuer.NewToken) { n.Name, n.Remind = "x", "Alice <a@b>" }, issuer.Invalid},
			"mail with headers": {func(n *issuer.NewToken) { n.Name, n.Remind = "x", "a@b\r\nBcc: c@d" }, issuer.Invalid},
			"mail to two":       {func(n *issuer.NewToken) { n.Name, n.Remind = "x", "a@b, c@d" }, issuer.Invalid},
			"mail to a group":   {func(n *issuer.NewToken) { n.Name, n.Remind = "x", "all: a@b;" }, issuer.Invalid},
			"mail with unseen":  {func(n *issuer.NewToken) { n.Name, n.Remind = "x", "a\u202e@b" }, issuer.Invalid},
			"mail with a break": {func(n *issuer.NewToken) { n.Name, n.Remind = "x", "a\u0085@b" }, issuer.Invalid},
			"long mail": {func(n *issuer.NewToken) {
				n.Name, n.Remind = "x", strings.Repeat("a", 251)+"@b.c"
			}, issuer.Invalid},
			"somebody else's": {func(n *issuer.NewToken) { n.Owner = apitoken.Owner{Eauth: "pam", User: "bob"} }, issuer.Forbidden},
			"no such account": {func(n *issuer.NewToken) {
				n.Owner = apitoken.Owner{ServiceAccount: apitoken.NewID()}
			}, issuer.Forbidden},
		} {
			n := issuer.NewToken{Name: "ci", Scopes: []string{"User"}, Profile: apitoken.ProfileNative}
			c.change(&n)
			_, _, err := r.Create(r.Context(), user("alice"), n)
			require.ErrorIs(r, err, c.want, name)
		}
		r.create(user("bob"), nil) // names are unique per owner
	})
}

// A registered token has no secret until IssueInitialSecret issues it, once.
func TestTheFirstSecret(t *testing.T) {
	with(t, nil, func(r *env) {
		made, err := r.Register(r.Context(), user("alice"), issuer.NewToken{Name: "ci", Profile: apitoken.ProfileVCD})
		require.NoError(r, err)
		require.Equal(r, []string{"Superuser"}, made.Scopes)

		req := issuer.Request{Profile: apitoken.ProfileVCD, From: here}
		_, err = r.IssueInitialSecret(r.Context(), user("bob"), made.ID, req)
		require.ErrorIs(r, err, issuer.NotFound)
		r.told()
		got, err := r.IssueInitialSecret(r.Context(), user("alice"), made.ID, req)
		require.NoError(r, err)
		require.Equal(r, []string{"issued", "exchanged"}, r.told())
		require.Equal(r, 30*day, got.Lifetime)
		require.Equal(r, made.ID, got.Token.ID)
		require.True(r, r.good(r.Service, got.Refresh.Reveal()))
		require.True(r, r.good(r.Service, got.Access.Reveal()))
		require.True(r, r.good(r.Service, r.exchange(got.Refresh.Reveal()).Access.Reveal()))
		_, err = r.IssueInitialSecret(r.Context(), user("alice"), made.ID, req)
		require.ErrorIs(r, err, issuer.Conflict)
		require.NoError(r, r.Revoke(r.Context(), user("alice"), made.ID))
		require.False(r, r.good(r.Service, got.Access.Reveal()))

		elsewhere, err := r.Register(r.Context(), user("alice"), issuer.NewToken{Name: "east", Profile: apitoken.ProfileVCD, Org: "east"})
		require.NoError(r, err)
		req.Org = "west"
		_, err = r.IssueInitialSecret(r.Context(), user("alice"), elsewhere.ID, req)
		require.ErrorIs(r, err, issuer.InvalidGrant)
		req.Org = "east"
		_, err = r.IssueInitialSecret(r.Context(), user("alice"), elsewhere.ID, req)
		require.NoError(r, err)
	})
}

// A secret that is returned once is not lost when the store fails: the request can
// be repeated until it succeeds.
func TestNothingIsLost(t *testing.T) {
	with(t, bosses, func(r *env) {
		req := issuer.Request{Profile: apitoken.ProfileVCD, From: here}
		for n := range int64(3) {
			made, err := r.Register(r.Context(), user("alice"),
				issuer.NewToken{Name: fmt.Sprint("ci ", n), Profile: apitoken.ProfileVCD})
			require.NoError(r, err)
			a, err := r.CreateAccount(r.Context(), user("boss"),
				issuer.NewAccount{Name: fmt.Sprint("robot ", n), Scopes: []string{"User"}})
			require.NoError(r, err)
			code, err := r.BeginDevice(r.Context(), a.ID, here)
			require.NoError(r, err)
			require.NoError(r, r.AnswerDevice(r.Context(), user("boss"), code.UserCode, true))

			for name, ask := range map[string]func() (*issuer.Exchange, error){
				"first secret": func() (*issuer.Exchange, error) {
					return r.IssueInitialSecret(r.Context(), user("alice"), made.ID, req)
				},
				"device": func() (*issuer.Exchange, error) { return r.ExchangeDevice(r.Context(), code.Code.Reveal(), a.ID, req) },
			} {
				r.store.failing(n)
				got, err := ask()
				r.store.limited.Store(false)
				if err != nil {
					require.ErrorIs(r, err, apitoken.ErrUnavailable)
					got, err = ask()
				}
				require.NoError(r, err, "%s, after %d writes", name, n)
				require.True(r, r.good(r.Service, got.Access.Reveal()))
			}
		}
	})
}

func TestRegenerate(t *testing.T) {
	with(t, nil, func(r *env) {
		secret, made := r.create(user("alice"), func(n *issuer.NewToken) { n.Lifetime = issuer.For(30 * day) })
		access := r.exchange(secret).Access.Reveal()
		time.Sleep(29 * day)
		again, renewed, err := r.Regenerate(r.Context(), user("alice"), made.ID)
		require.NoError(r, err)
		require.Equal(r, made.ID, renewed.ID)
		require.Equal(r, made.Name, renewed.Name)
		require.Equal(r, made.Scopes, renewed.Scopes)
		require.True(r, renewed.Expires.Equal(time.Now().Add(30*day)))
		require.False(r, r.good(r.Service, secret))
		require.False(r, r.good(r.Service, access))
		require.True(r, r.good(r.Service, again.Reveal()))

		never, vcd := r.create(user("alice"), func(n *issuer.NewToken) { n.Name, n.Lifetime = "old", issuer.Never() })
		time.Sleep(200 * day)
		require.True(r, r.good(r.Service, never))
		_, renewed, err = r.Regenerate(r.Context(), user("alice"), vcd.ID)
		require.NoError(r, err)
		require.Zero(r, renewed.Expires)
	})
}

func TestRevoke(t *testing.T) {
	with(t, nil, func(r *env) {
		secret, made := r.create(user("alice"), nil)
		access := r.exchange(secret).Access.Reveal()
		require.NoError(r, r.Revoke(r.Context(), user("alice"), made.ID))
		require.False(r, r.good(r.Service, secret))
		require.False(r, r.good(r.Service, access))
		require.ErrorIs(r, r.Revoke(r.Context(), user("alice"), made.ID), issuer.NotFound)
		_, err := r.Get(r.Context(), user("alice"), made.ID)
		require.ErrorIs(r, err, issuer.NotFound)
		_, err = r.Exchange(r.Context(), secret, issuer.Request{Profile: apitoken.ProfileCSP})
		require.ErrorIs(r, err, issuer.InvalidGrant)
		r.create(user("alice"), nil) // the name is free again
	})
}

func TestNoDirectUse(t *testing.T) {
	with(t, func(o *issuer.Options) { o.NoDirectUse = true }, func(r *env) {
		secret, _ := r.create(user("alice"), nil)
		require.False(r, r.good(r.Service, secret))
		require.True(r, r.good(r.Service, r.exchange(secret).Access.Reveal()))
	})
}

func TestFewerScopes(t *testing.T) {
	with(t, nil, func(r *env) {
		secret, _ := r.create(user("alice"), func(n *issuer.NewToken) { n.Scopes = []string{"User", "Read-only"} })
		for asked, want := range map[string]error{
			"Read-only": nil, "Read-only User": nil, "Superuser": issuer.InvalidScope, "Administrator": issuer.InvalidScope,
			"nobody's": issuer.InvalidScope, strings.Repeat("User ", 33): issuer.InvalidScope, strings.Repeat("x", 600): issuer.InvalidScope,
		} {
			r.told()
			x, err := r.Exchange(r.Context(), secret,
				issuer.Request{Profile: apitoken.ProfileVCD, From: here, Scopes: strings.Fields(asked)})
			require.ErrorIs(r, err, want, asked)
			if want != nil {
				require.Equal(r, []string{"refused:scope"}, r.told())
			} else {
				require.ElementsMatch(r, strings.Fields(asked), x.Record.Scopes)
				require.False(r, r.principal(x.Access.Reveal()).Scopes.May(role.EventWrite))
			}
		}
		all, _ := r.create(user("alice"), func(n *issuer.NewToken) { n.Name = "all" })
		_, err := r.Exchange(r.Context(), all, issuer.Request{Profile: apitoken.ProfileVCD, From: here, Scopes: []string{"nobody's"}})
		require.ErrorIs(r, err, issuer.InvalidScope, "even Superuser has no role that there is not")
	})
}

func TestATenantsTokenAtAnotherTenant(t *testing.T) {
	with(t, nil, func(r *env) {
		secret, _ := r.create(user("alice"), func(n *issuer.NewToken) { n.Org = "red" })
		_, err := r.Exchange(r.Context(), secret, issuer.Request{Profile: apitoken.ProfileVCD, Org: "blue"})
		require.ErrorIs(r, err, issuer.InvalidGrant)
		_, err = r.Exchange(r.Context(), secret, issuer.Request{Profile: apitoken.ProfileVCD, Org: "red"})
		require.NoError(r, err)
	})
}

func TestAct(t *testing.T) {
	with(t, nil, func(r *env) {
		r.town.set(func() { r.town.groups["alice"] = []string{"ops"} })
		secret, _ := r.create(user("alice"), nil)
		p := r.principal(secret)
		a, err := r.ActAs(r.Context(), p)
		require.NoError(r, err)
		require.Equal(r, "5a17", a.Session.Token)
		require.Empty(r, a.Session.ID)
		require.Equal(r, "alice", a.Session.User)
		require.Equal(r, []string{"ops"}, a.Session.Groups)
		require.Equal(r, p.Expires, a.Session.Expire)
		require.Equal(r, []string{"alice/pam"}, r.town.minted)
		a.Release(r.Context())
		require.Equal(r, 1, r.town.freed)
		require.Equal(r, p.RefreshTokenID, a.AuditContext()["currentContext.refreshTokenId"])
	})
}

func TestActWithoutAMint(t *testing.T) {
	with(t, func(o *issuer.Options) { o.Mint = nil }, func(r *env) {
		secret, _ := r.create(user("alice"), nil)
		_, err := r.ActAs(r.Context(), r.principal(secret))
		require.ErrorIs(r, err, eauth.ErrUnavailable)
	})
}

// Events and printed values contain no secret.
func TestNoSecretIsTold(t *testing.T) {
	with(t, nil, func(r *env) {
		secret, made := r.create(user("alice"), nil)
		x := r.exchange(secret)
		p := r.principal(x.Access.Reveal())
		_, _, _ = r.Check(r.Context(), secret[:47]+"-", here)
		require.NoError(r, r.Revoke(r.Context(), user("alice"), made.ID))
		_, _, _ = r.Check(r.Context(), secret, here)
		all := fmt.Sprintf("%+v %#v %v %+v %#v", r.events, r.events, p, p, x)
		require.NotContains(r, all, secret[12:40])
		require.NotContains(r, all, x.Access.Reveal()[12:40])
		require.Equal(r, []string{"issued", "exchanged", "refused:malformed", "revoked:revoked", "refused:revoked"}, r.told())
	})
}

func TestOptionsThatCannotBe(t *testing.T) {
	t.Parallel()
	_, err := issuer.New(issuer.Options{})
	require.Error(t, err)
}
