package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/saltmaster/masterconf"
)

// TokenFiles is the content of the files of API tokens' settings.
type TokenFiles struct {
	Pepper *apitoken.Pepper // nil stands for the one in the state directory
	Redis  goredis.UniversalOptions
}

// readTokenFiles reads all files, so that all problems are reported at once.
func readTokenFiles(t settings.Tokens) (files TokenFiles, err error) {
	var problems []error
	found := func(key string, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("tokens.%s: %w", key, err))
		}
	}
	if t.PepperFile != "" {
		files.Pepper, err = apitoken.ReadPepper(t.PepperFile)
		found("pepper_file", err)
	}
	if t.Store != settings.StoreRedis {
		return files, errors.Join(problems...)
	}
	r := t.Redis
	files.Redis = goredis.UniversalOptions{
		Addrs: r.Addresses, Username: r.Username, DB: r.DB, MasterName: r.MasterName,
		SentinelUsername: r.SentinelUsername, IsClusterMode: r.Cluster,
	}
	files.Redis.Password, err = secretFile(r.PasswordFile)
	found("redis.password_file", err)
	files.Redis.SentinelPassword, err = secretFile(r.SentinelPasswordFile)
	found("redis.sentinel_password_file", err)
	files.Redis.TLSConfig, err = clientTLS(r.TLS)
	found("redis.tls", err)
	return files, errors.Join(problems...)
}

// Issuer adds the settings of tokens to o.
func (c *Config) Issuer(o issuer.Options) issuer.Options { return withSettings(o, c.Settings.Tokens) }

func withSettings(o issuer.Options, t settings.Tokens) issuer.Options {
	o.AccessLifetimes, o.TokenLifetimes = map[apitoken.Profile]time.Duration{}, map[apitoken.Profile]issuer.Lifetime{}
	for _, l := range livesOf(t) {
		if l.Access > 0 {
			o.AccessLifetimes[l.profile] = l.Access
		}
		o.TokenLifetimes[l.profile] = issuer.For(l.Token.For)
		if l.Token.Never {
			o.TokenLifetimes[l.profile] = issuer.Never()
		}
	}
	o.MaxLifetime, o.UnusedFor, o.NoDirectUse = t.MaxLife, t.UnusedFor, t.NoDirect
	o.OwnerMaxIdle = t.OwnerMaxIdle
	o.LoginRoles = t.LoginRoles
	for _, a := range t.Assignments {
		o.Assignments = append(o.Assignments, issuer.Assignment(a))
	}
	o.Throttle = issuer.Throttle{
		Free: t.Throttle.Attempts, First: t.Throttle.First, Most: t.Throttle.Most, Window: t.Throttle.Window,
	}
	return o
}

// profileLives are the lifetimes of tokens of one profile.
type profileLives struct {
	profile apitoken.Profile
	settings.Lives
}

func livesOf(t settings.Tokens) []profileLives {
	return []profileLives{
		{apitoken.ProfileNative, t.Native}, {apitoken.ProfileCSP, t.CSP.Lives}, {apitoken.ProfileVCD, t.VCD.Lives},
	}
}

// tokenWarnings are about valid settings that are likely mistakes.
func tokenWarnings(mc *masterconf.Config, t settings.Tokens) (all []string) {
	warn := func(format string, args ...any) { all = append(all, "tokens."+fmt.Sprintf(format, args...)) }
	if t.Store == settings.StoreMemory {
		warn("store: memory: every token, role and service account is gone when the gateway ends")
	}
	if t.Store == settings.StoreRedis && !t.Redis.TLS.On {
		for _, addr := range t.Redis.Addresses {
			if !isLocal(addr) {
				warn("redis: hashes of tokens and the password travel in clear text to %s", addr)
			}
		}
	}
	for _, l := range livesOf(t) {
		if t.MaxLife > 0 && (l.Token.Never || l.Token.For > t.MaxLife) {
			warn("%s.token_life is more than max_life, which counts", l.profile)
		}
	}
	if modules := remoteModules(mc); t.OwnerMaxIdle == 0 && len(modules) > 0 {
		warn("owner_max_idle: never: nobody notices when an owner of tokens is gone who is known by eauth %s",
			strings.Join(modules, ", "))
	}
	for _, name := range unknownRoles(t) {
		warn("login_roles and assignments: %q is not a built-in role; it has no rights until there is one of that name", name)
	}
	for i, a := range t.Assignments {
		for _, module := range a.Eauth {
			if _, ok := mc.ExternalAuth.Module(module); !ok {
				warn("assignments[%d].eauth: external_auth has no %q", i, module)
			}
		}
	}
	if _, ok := mc.ExternalAuth.Module(t.Eauth); !ok && t.Eauth != settings.Default().Tokens.Eauth {
		warn("eauth: external_auth has no %q", t.Eauth)
	}
	return all
}

// remoteModules returns the eauth modules that cannot check a user without the
// user's password: all but pam.
func remoteModules(mc *masterconf.Config) (names []string) {
	for _, m := range mc.ExternalAuth {
		if m.Name != "pam" {
			names = append(names, m.Name)
		}
	}
	return names
}

// ownersNote describes which owners of tokens have to log in, and how often;
// empty if none has to.
func ownersNote(mc *masterconf.Config, t settings.Tokens) string {
	modules := remoteModules(mc)
	if t.OwnerMaxIdle == 0 || len(modules) == 0 {
		return ""
	}
	return fmt.Sprintf("the tokens of an owner known by eauth %s are refused %s after the owner's last login (tokens.owner_max_idle)",
		strings.Join(modules, ", "), issuer.For(t.OwnerMaxIdle))
}

// unknownRoles returns the roles that may only be in the store.
func unknownRoles(t settings.Tokens) []string {
	names := slices.Clone(t.LoginRoles)
	for _, a := range t.Assignments {
		names = append(names, a.Roles...)
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool {
		return slices.ContainsFunc(role.BuiltIn(), func(r role.Role) bool { return r.Name == name })
	})
}

// isLocal reports whether an address of Redis is on this machine.
func isLocal(addr string) bool {
	return strings.HasPrefix(addr, "/") || settings.IsLoopback(addr)
}
