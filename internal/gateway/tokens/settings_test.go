package tokens

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/internal/gateway/config"
	"github.com/saltern-api/saltern/internal/settings"
)

const (
	oneDay    = 24 * time.Hour
	never     = time.Duration(0)
	sixMonths = time.Duration(-1) // by the calendar
)

// The file accepts the same lifetimes as the API.
func TestLivesAreTheAPIs(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"never", "1s", "1799s", "90m", "1h", "180d", "26w", "1y", "100y", "36500d",
		"101y", "36501d", "0d", "-1d", "+1d", "1.5d", "d", "1", "1mo", "1D", " 1d", "1d ", "1h30m", "soon", "Never", "99999999999999999999d",
	} {
		set, err := settings.Parse("saltern.yaml", []byte("tokens: {native: {token_life: '"+text+"'}}"))
		life, apiErr := issuer.ParseLifetime(text)
		require.Equal(t, apiErr == nil, err == nil, "%q: %v, %v", text, err, apiErr)
		if err == nil {
			o := (&config.Config{Settings: set}).Issuer(issuer.Options{})
			require.Equal(t, life, o.TokenLifetimes[apitoken.ProfileNative], text)
		}
	}
}

// world is a configuration in a directory of its own.
type world struct {
	t     *testing.T
	files config.Files
	state string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	w := &world{t: t, state: filepath.Join(dir, "state"), files: config.Files{MasterDir: dir, Settings: filepath.Join(dir, "saltern.yaml")}}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "master"), []byte(
		"external_auth: {sharedsecret: {'*': ['.*']}}\nnetapi_enable_clients: [local]\nrest_wsgi: {port: 8001}\n"), 0o600))
	w.set("")
	return w
}

// set adds to the settings.
func (w *world) set(yaml string) {
	w.t.Helper()
	require.NoError(w.t, os.WriteFile(w.files.Settings, []byte("state_dir: "+w.state+"\n"+yaml), 0o600))
}

// config reads the configuration.
func (w *world) config() *config.Config {
	w.t.Helper()
	c, err := config.Load(w.files)
	require.NoError(w.t, err)
	return c
}

// bench is a service with the settings of saltern.yaml.
type bench struct {
	*Service
	t *testing.T
}

func newBench(t *testing.T, yaml string) *bench {
	t.Helper()
	w := newWorld(t)
	w.set("tokens:\n  store: memory\n" + yaml)
	s, err := Open(t.Context(), w.config(), issuer.Options{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return &bench{Service: s, t: t}
}

// of returns a user that has logged in.
func of(user string, groups ...string) issuer.Caller {
	return issuer.Caller{User: user, Eauth: "sharedsecret", Groups: groups, LoggedIn: true}
}

func (b *bench) make(c issuer.Caller, n issuer.NewToken) (apitoken.Secret, apitoken.Record) {
	b.t.Helper()
	n.Scopes = []string{"User"}
	secret, r, err := b.Create(context.Background(), c, n)
	require.NoError(b.t, err)
	return secret, r
}

func (b *bench) good(secret string) bool {
	b.t.Helper()
	_, ok, err := b.Check(context.Background(), secret, issuer.Origin{})
	require.NoError(b.t, err)
	return ok
}

// The lifetimes of a profile, by default and by the settings.
func TestLivesOfTheProfiles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		yaml   string
		token  map[apitoken.Profile]time.Duration
		access map[apitoken.Profile]time.Duration
	}{
		"defaults": {
			"",
			map[apitoken.Profile]time.Duration{apitoken.ProfileNative: sixMonths, apitoken.ProfileCSP: sixMonths, apitoken.ProfileVCD: never},
			map[apitoken.Profile]time.Duration{apitoken.ProfileNative: time.Hour, apitoken.ProfileCSP: 1799 * time.Second, apitoken.ProfileVCD: 30 * oneDay},
		},
		"set": {
			"  native: {access_life: 2h, token_life: 2d}\n  csp: {access_life: 3m, token_life: never}\n  vcd: {access_life: 4h, token_life: 4d}\n",
			map[apitoken.Profile]time.Duration{apitoken.ProfileNative: 2 * oneDay, apitoken.ProfileCSP: never, apitoken.ProfileVCD: 4 * oneDay},
			map[apitoken.Profile]time.Duration{apitoken.ProfileNative: 2 * time.Hour, apitoken.ProfileCSP: 3 * time.Minute, apitoken.ProfileVCD: 4 * time.Hour},
		},
		"cut": {
			"  max_life: 1d\n  native: {token_life: 12h}\n  vcd: {token_life: never}\n",
			map[apitoken.Profile]time.Duration{apitoken.ProfileNative: 12 * time.Hour, apitoken.ProfileCSP: oneDay, apitoken.ProfileVCD: oneDay},
			map[apitoken.Profile]time.Duration{apitoken.ProfileNative: time.Hour, apitoken.ProfileCSP: 1799 * time.Second, apitoken.ProfileVCD: oneDay},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, c.yaml)
				for profile, life := range c.token {
					secret, r := b.make(of("alice"), issuer.NewToken{Name: string(profile), Profile: profile})
					switch life {
					case never:
						require.Zero(t, r.Expires, profile)
					case sixMonths:
						require.Equal(t, r.Created.AddDate(0, 6, 0), r.Expires, profile)
					default:
						require.Equal(t, life, r.Expires.Sub(r.Created), profile)
					}
					x, err := b.Exchange(t.Context(), secret.Reveal(), issuer.Request{Profile: profile})
					require.NoError(t, err, profile)
					require.Equal(t, c.access[profile], x.Lifetime, profile)
				}
			})
		})
	}
}

func TestMaxLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "  max_life: 30d\n")
		for _, life := range []issuer.Lifetime{issuer.Never(), issuer.For(31 * oneDay)} {
			_, _, err := b.Create(t.Context(), of("alice"), issuer.NewToken{
				Name: "ci", Scopes: []string{"User"}, Lifetime: life, Profile: apitoken.ProfileNative,
			})
			require.ErrorIs(t, err, issuer.Invalid)
			require.ErrorContains(t, err, "30d")
		}
		_, r := b.make(of("alice"), issuer.NewToken{Name: "ci", Lifetime: issuer.For(30 * oneDay), Profile: apitoken.ProfileNative})
		require.Equal(t, 30*oneDay, r.Expires.Sub(r.Created))
	})
}

func TestDirectUse(t *testing.T) {
	t.Parallel()
	for yaml, want := range map[string]bool{"": true, "  direct_use: true\n": true, "  direct_use: false\n": false} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, yaml)
			secret, _ := b.make(of("alice"), issuer.NewToken{Name: "ci", Profile: apitoken.ProfileNative})
			require.Equal(t, want, b.good(secret.Reveal()), yaml)
			x, err := b.Exchange(t.Context(), secret.Reveal(), issuer.Request{Profile: apitoken.ProfileNative})
			require.NoError(t, err)
			require.True(t, b.good(x.Access.Reveal()), yaml)
		})
	}
}

// A token that is not used is revoked; one that is used is not.
func TestUnusedFor(t *testing.T) {
	t.Parallel()
	for yaml, want := range map[string]bool{"": true, "  unused_for: 2d\n": false} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, yaml)
			idle, _ := b.make(of("alice"), issuer.NewToken{Name: "idle", Profile: apitoken.ProfileVCD})
			busy, _ := b.make(of("alice"), issuer.NewToken{Name: "busy", Profile: apitoken.ProfileVCD})
			for range 3 {
				require.True(t, b.good(busy.Reveal()), yaml)
				time.Sleep(oneDay)
			}
			require.Equal(t, want, b.good(idle.Reveal()), yaml)
			require.True(t, b.good(busy.Reveal()), yaml)
		})
	}
}

func TestRolesOfLogins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "")
		require.NoError(t, b.May(t.Context(), of("alice"), role.TokenManage))
		require.ErrorIs(t, b.May(t.Context(), of("alice"), role.TokenManageAll), issuer.Forbidden)

		b = newBench(t, `  login_roles: []
  assignments:
    - {users: "ops-*", roles: Superuser}
    - {groups: [wheel], eauth: pam, roles: [Superuser]}
    - {groups: [staff], eauth: [sharedsecret], roles: [Administrator]}
`)
		elsewhere := of("bob", "wheel")
		elsewhere.Eauth = "pam"
		for _, c := range []struct {
			caller issuer.Caller
			what   role.Permission
			may    bool
		}{
			{of("alice"), role.TokenManage, false},
			{of("ops-1"), role.TokenManageAll, true},
			{of("xops-1"), role.TokenManageAll, false},
			{of("bob", "wheel"), role.TokenManageAll, false},
			{elsewhere, role.TokenManageAll, true},
			{of("carol", "staff"), role.TokenManage, true},
		} {
			err := b.May(t.Context(), c.caller, c.what)
			if c.may {
				require.NoError(t, err, "%s %s", c.caller.Name(), c.what)
				continue
			}
			require.ErrorIs(t, err, issuer.Forbidden, "%s %s", c.caller.Name(), c.what)
		}

		b = newBench(t, "  login_roles: [Superuser]\n")
		require.NoError(t, b.May(t.Context(), of("alice"), role.TokenManageAll))
	})
}

func TestTokenThrottle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "  throttle: {attempts: 1, first: 5m, most: 1h, window: 3h}\n")
		wrong := apitoken.NewSecret(apitoken.KindAPI).Reveal()
		for range 2 {
			require.False(t, b.good(wrong))
		}
		_, _, err := b.Check(t.Context(), wrong, issuer.Origin{})
		var late *issuer.Error
		require.ErrorAs(t, err, &late)
		require.Equal(t, issuer.Throttled, late.Kind)
		require.Equal(t, 5*time.Minute, late.RetryAfter)
		time.Sleep(late.RetryAfter)
		require.False(t, b.good(wrong))
	})
}
