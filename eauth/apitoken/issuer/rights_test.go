package issuer_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
)

// bosses assigns further roles to some users.
func bosses(o *issuer.Options) {
	o.Assignments = []issuer.Assignment{
		{Users: []string{"boss"}, Roles: []string{"Superuser"}},
		{Groups: []string{"adm*"}, Eauth: []string{"pam"}, Roles: []string{"Administrator"}},
	}
}

// What each caller may do with the token of alice, and with tokens of all.
func TestRights(t *testing.T) {
	with(t, bosses, func(r *env) {
		secret, made := r.create(user("alice"), nil)
		access := r.exchange(secret).Access.Reveal()
		_, bossMade := r.create(user("boss"), func(n *issuer.NewToken) { n.Name = "all" })
		bossSecret, _, err := r.Regenerate(r.Context(), user("boss"), bossMade.ID)
		require.NoError(r, err)

		saltToken := user("alice")
		saltToken.LoggedIn = false
		ldapAdmin := user("bob", "admins")
		ldapAdmin.Eauth = "ldap"

		type want struct{ get, regenerate, revoke, listAll, create error }
		no, none := issuer.Forbidden, issuer.NotFound
		nothing := want{no, no, no, no, no}
		for name, c := range map[string]struct {
			caller issuer.Caller
			want   want
		}{
			"her API token":       {r.principal(secret).Caller(here), nothing},
			"her access token":    {r.principal(access).Caller(here), nothing},
			"a superuser's token": {r.principal(bossSecret.Reveal()).Caller(here), nothing},
			"her Salt token":      {saltToken, nothing},
			"nobody":              {issuer.Caller{}, nothing},
			"another":             {user("bob"), want{get: none, regenerate: none, revoke: none, listAll: no}},
			"admin by ldap":       {ldapAdmin, want{get: none, regenerate: none, revoke: none, listAll: no}},
			"administrator":       {user("carol", "staff", "admins"), want{regenerate: no}},
			"superuser":           {user("boss"), want{regenerate: no}},
			"operator":            {operator, want{create: issuer.Forbidden}}, // without an owner
			"herself":             {user("alice"), want{listAll: no}},
		} {
			got := want{}
			_, got.get = r.Get(r.Context(), c.caller, made.ID)
			_, _, got.listAll = r.List(r.Context(), c.caller, issuer.Query{Everyone: true})
			_, _, got.create = r.Create(r.Context(), c.caller,
				issuer.NewToken{Name: "new " + name, Scopes: []string{"User"}, Profile: apitoken.ProfileNative})
			_, _, got.regenerate = r.Regenerate(r.Context(), c.caller, apitoken.NewID())
			if c.want.regenerate == no && c.want != nothing { // the token is found, but the caller refused
				_, _, got.regenerate = r.Regenerate(r.Context(), c.caller, made.ID)
			} else if c.want.regenerate == nil {
				require.ErrorIs(r, got.regenerate, none, name)
				got.regenerate = nil
			}
			got.revoke = r.Revoke(r.Context(), c.caller, made.ID)
			if c.want.revoke == nil && got.revoke == nil {
				_, made = r.create(user("alice"), nil) // for the next case
			}
			require.ErrorIs(r, got.get, c.want.get, "%s: get", name)
			require.ErrorIs(r, got.regenerate, c.want.regenerate, "%s: regenerate", name)
			require.ErrorIs(r, got.revoke, c.want.revoke, "%s: revoke", name)
			require.ErrorIs(r, got.listAll, c.want.listAll, "%s: list all", name)
			if name != "operator" {
				require.ErrorIs(r, got.create, c.want.create, "%s: create", name)
			}
		}
	})
}

// A caller with a token gets LoginRequired where no other scopes would help, and only
// there.
func TestALoginIsNeeded(t *testing.T) {
	with(t, bosses, func(r *env) {
		ctx := r.Context()
		secret, made := r.create(user("boss"), func(n *issuer.NewToken) { n.Scopes = []string{"User"} })
		saltToken := user("boss")
		saltToken.LoggedIn = false
		for name, c := range map[string]issuer.Caller{
			"API token": r.principal(secret).Caller(here), "access token": r.principal(r.exchange(secret).Access.Reveal()).Caller(here),
			"Salt token": saltToken,
		} {
			_, _, create := r.Create(ctx, c, issuer.NewToken{Name: "x", Scopes: []string{"User"}, Profile: apitoken.ProfileNative})
			_, get := r.Get(ctx, c, made.ID)
			_, _, list := r.List(ctx, c, issuer.Query{})
			_, account := r.CreateAccount(ctx, c, issuer.NewAccount{Name: "x", Scopes: []string{"User"}})
			for _, err := range []error{create, get, list, account, r.Revoke(ctx, c, made.ID)} {
				require.ErrorIs(r, err, issuer.LoginRequired, name)
				require.ErrorIs(r, err, issuer.Forbidden, name)
			}
			_, accounts := r.Accounts(ctx, c)
			require.ErrorIs(r, accounts, issuer.Forbidden, name)
			if c.Principal != nil {
				require.NotErrorIs(r, accounts, issuer.LoginRequired, "a token with other scopes sees them")
			}
		}
		_, err := r.Accounts(ctx, user("alice"))
		require.ErrorIs(r, err, issuer.Forbidden)
		require.NotErrorIs(r, err, issuer.LoginRequired, "she has logged in")
	})
}

// Only the names of others' tokens are visible, also to a caller that may revoke them.
func TestOthersTokensAreNames(t *testing.T) {
	with(t, bosses, func(r *env) {
		_, made := r.create(user("alice"), func(n *issuer.NewToken) { n.Remind = "alice@example.com" })
		time.Sleep(time.Second)
		r.create(user("boss"), func(n *issuer.NewToken) { n.Name = "own" })

		mine, _, err := r.List(r.Context(), user("alice"), issuer.Query{})
		require.NoError(r, err)
		require.Equal(r, []string{"ci"}, names(mine))

		name := apitoken.Record{ID: made.ID, Kind: apitoken.KindAPI, Name: "ci", Owner: made.Owner}
		seen, err := r.Get(r.Context(), user("boss"), made.ID)
		require.NoError(r, err)
		require.Equal(r, name, seen)

		hers, _, err := r.List(r.Context(), user("boss"), issuer.Query{Owner: made.Owner})
		require.NoError(r, err)
		require.Equal(r, []apitoken.Record{name}, hers)

		all, next, err := r.List(r.Context(), user("boss"), issuer.Query{Everyone: true, Limit: 1})
		require.NoError(r, err)
		require.Equal(r, []apitoken.Record{name}, all)
		all, _, err = r.List(r.Context(), user("boss"), issuer.Query{Everyone: true, After: next})
		require.NoError(r, err)
		require.Len(r, all, 1)
		require.NotZero(r, all[0].Created, "his own he sees as they are")

		everyone, _, err := r.List(r.Context(), operator, issuer.Query{})
		require.NoError(r, err)
		require.Equal(r, []string{"ci", "own"}, names(everyone))
		_, _, err = r.List(r.Context(), user("bob"), issuer.Query{Owner: made.Owner})
		require.ErrorIs(r, err, issuer.Forbidden)
	})
}

// The operator can configure that logins may not create tokens.
func TestNoTokensByDefault(t *testing.T) {
	with(t, func(o *issuer.Options) {
		o.LoginRoles = []string{"Read-only"}
		o.Assignments = []issuer.Assignment{{Users: []string{"alice"}, Roles: []string{"User"}}}
	}, func(r *env) {
		r.create(user("alice"), nil)
		_, _, err := r.Create(r.Context(), user("bob"),
			issuer.NewToken{Name: "ci", Scopes: []string{"User"}, Profile: apitoken.ProfileNative})
		require.ErrorIs(r, err, issuer.Forbidden)
		_, _, err = r.List(r.Context(), user("bob"), issuer.Query{})
		require.ErrorIs(r, err, issuer.Forbidden)
	})
}

func TestTheOperatorMakesTokensForOthers(t *testing.T) {
	with(t, nil, func(r *env) {
		r.town.set(func() { r.town.gone["ghost"] = true })
		n := issuer.NewToken{Name: "ci", Scopes: []string{"Superuser"}, Profile: apitoken.ProfileNative}
		_, _, err := r.Create(r.Context(), operator, n)
		require.ErrorIs(r, err, issuer.Invalid, "for whom?")
		n.Owner = apitoken.Owner{Eauth: "pam", User: "ghost"}
		_, _, err = r.Create(r.Context(), operator, n)
		require.ErrorIs(r, err, issuer.Invalid)
		n.Owner.User = "a\x1b[2Jlice"
		_, _, err = r.Create(r.Context(), operator, n)
		require.ErrorContains(r, err, "user: it has characters that cannot be printed")
		n.Owner.User = "alice"
		secret, made, err := r.Create(r.Context(), operator, n)
		require.NoError(r, err)
		require.Equal(r, "alice", r.principal(secret.Reveal()).User)
		_, _, err = r.Regenerate(r.Context(), operator, made.ID)
		require.NoError(r, err)
		require.NoError(r, r.Revoke(r.Context(), operator, made.ID))
	})
}

// A scope gives no right that the owner does not have.
func TestAScopeAddsNothing(t *testing.T) {
	with(t, bosses, func(r *env) {
		for name, c := range map[string]struct {
			owner string
			scope string
			may   map[role.Permission]bool
		}{
			"superuser's":            {"boss", "Superuser", map[role.Permission]bool{role.Superuser: true, role.AuditRead: true}},
			"superuser's, read-only": {"boss", "Read-only", map[role.Permission]bool{role.Superuser: false, role.AuditRead: false, role.JobRead: true}},
			"a user's":               {"alice", "Superuser", map[role.Permission]bool{role.Superuser: false, role.AuditRead: false, role.JobRead: true, role.TokenManage: false}},
		} {
			secret, _ := r.create(user(c.owner), func(n *issuer.NewToken) { n.Name, n.Scopes = name, []string{c.scope} })
			p := r.principal(secret)
			for what, want := range c.may {
				require.Equal(r, want, p.May(what), "%s: %s", name, what)
			}
			d := p.Scopes.Allows(role.Call{Client: "runner", Funs: []role.Function{{Name: "state.orchestrate"}}})
			require.Equal(r, c.scope == "Superuser", d.Verdict == role.Allowed, name)
		}
	})
}

func TestAnOwnerWhoGoes(t *testing.T) {
	with(t, nil, func(r *env) {
		secret, _ := r.create(user("alice"), nil)
		access := r.exchange(secret).Access.Reveal()
		r.town.set(func() { r.town.gone["alice"] = true })
		time.Sleep(5 * time.Second)
		require.False(r, r.good(r.Service, secret))
		require.False(r, r.good(r.Service, access))
		_, err := r.Exchange(r.Context(), secret, issuer.Request{Profile: apitoken.ProfileCSP, From: here})
		require.ErrorIs(r, err, issuer.InvalidGrant)
		require.Contains(r, r.told(), "refused:owner")

		r.town.set(func() { r.town.gone["alice"] = false })
		require.True(r, r.good(r.Service, secret))

		r.town.set(func() { r.town.err = apitoken.ErrUnavailable })
		time.Sleep(5 * time.Second)
		_, ok, err := r.Check(r.Context(), secret, here)
		require.ErrorIs(r, err, apitoken.ErrUnavailable)
		require.False(r, ok)
	})
}

// Where groups cannot be looked up, those of the last login apply.
func TestGroupsOfTheLastLogin(t *testing.T) {
	with(t, nil, func(r *env) {
		alice := user("alice", "web", "ops")
		alice.Eauth = "ldap"
		secret, _ := r.create(alice, nil)
		require.Equal(r, []string{"ops", "web"}, r.principal(secret).Groups)
		require.NoError(r, r.RecordLogin(r.Context(), "alice", "ldap", []string{"web"}))
		require.Equal(r, []string{"web"}, r.principal(secret).Groups)
		require.NoError(r, r.RecordLogin(r.Context(), "bob", "ldap", []string{"web"}))
		_, err := r.store.Document(r.Context(), "owner-groups", "ldap/bob")
		require.ErrorIs(r, err, apitoken.ErrNotFound, "he has no tokens")
		require.NoError(r, r.RecordUser(r.Context(), "bob", "ldap", []string{"web"}))
		_, err = r.store.Document(r.Context(), "owner-groups", "ldap/bob")
		require.NoError(r, err, "who is to be listed is recorded all the same")
	})
}

func TestRoles(t *testing.T) {
	with(t, bosses, func(r *env) {
		ctx, carol := r.Context(), user("carol", "admins")
		deploy := role.Role{Name: "deploy", ACL: role.ACL{acl.Map{{Key: "web*", Value: []any{"state.apply"}}}}}
		require.NoError(r, r.PutRole(ctx, carol, deploy, true))
		require.ErrorIs(r, r.PutRole(ctx, carol, deploy, true), issuer.Conflict)
		require.NoError(r, r.PutRole(ctx, carol, deploy, false))
		other := deploy
		other.Name = "Deploy"
		require.ErrorIs(r, r.PutRole(ctx, carol, other, true), issuer.Conflict)
		other.Name = "User"
		require.ErrorIs(r, r.PutRole(ctx, carol, other, false), issuer.Conflict, "it is built in")
		other.Name = "a  b"
		require.ErrorIs(r, r.PutRole(ctx, carol, other, false), issuer.Invalid)
		more := role.Role{Name: "more", Permissions: []role.Permission{role.Superuser}}
		require.ErrorIs(r, r.PutRole(ctx, carol, more, true), issuer.Forbidden, "she does not have it herself")
		require.NoError(r, r.PutRole(ctx, user("boss"), more, true))
		require.ErrorIs(r, r.PutRole(ctx, user("alice"), deploy, false), issuer.Forbidden)

		got, err := r.Role(ctx, user("alice"), "deploy")
		require.NoError(r, err)
		require.Equal(r, deploy, got)
		roles, err := r.Roles(ctx, user("alice"))
		require.NoError(r, err)
		require.Len(r, roles, 7)
		_, err = r.Role(ctx, user("alice"), "none")
		require.ErrorIs(r, err, issuer.NotFound)

		secret, _ := r.create(user("alice"), func(n *issuer.NewToken) { n.Scopes = []string{"deploy"} })
		_, err = r.Roles(ctx, r.principal(secret).Caller(here))
		require.ErrorIs(r, err, issuer.Forbidden, "not by this scope")
		call := role.Call{Client: "local", Funs: []role.Function{{Name: "state.apply"}}, Tgt: "web1"}
		require.Equal(r, role.Narrowed, r.principal(secret).Scopes.Allows(call).Verdict)

		second := r.another(bosses)
		defer second.Close()
		require.True(r, r.good(second, secret))
		require.ErrorIs(r, r.DeleteRole(ctx, user("alice"), "deploy"), issuer.Forbidden)
		require.ErrorIs(r, r.DeleteRole(ctx, carol, "Superuser"), issuer.Forbidden)
		require.NoError(r, second.DeleteRole(ctx, carol, "deploy"))
		require.ErrorIs(r, second.DeleteRole(ctx, carol, "deploy"), issuer.NotFound)
		time.Sleep(time.Second)
		require.Equal(r, role.Refused, r.principal(secret).Scopes.Allows(call).Verdict, "at the first gateway too")
	})
}

// A caller that writes a role cannot make it allow more than the caller may do,
// whoever has the role and whatever its name.
func TestRoleWriters(t *testing.T) {
	writer := role.Role{Name: "writer", Permissions: []role.Permission{role.RoleWrite, role.RoleDelete, role.RoleRead, role.CmdRun},
		Targets: []string{"web*"}, ACL: role.ACL{"test.*", acl.Map{{Key: "db*", Value: []any{"state.apply"}}}}}
	runOn := func(name string, targets ...string) role.Role {
		return role.Role{Name: name, Permissions: []role.Permission{role.CmdRun}, Targets: targets}
	}
	rules := func(name string, rules ...any) role.Role { return role.Role{Name: name, ACL: rules} }
	with(t, func(o *issuer.Options) {
		bosses(o)
		o.Assignments = append(o.Assignments, issuer.Assignment{Users: []string{"wendy"}, Roles: []string{"writer"}})
		o.LoginRoles = []string{}
	}, func(r *env) {
		ctx, wendy := r.Context(), user("wendy")
		require.NoError(r, r.PutRole(ctx, operator, writer, true))
		require.NoError(r, r.PutRole(ctx, operator, runOn("ops", "web*"), true))
		require.NoError(r, r.PutRole(ctx, operator, runOn("all", "web*", "db*"), true))
		secret, _ := r.create(operator, func(n *issuer.NewToken) {
			n.Owner, n.Scopes = apitoken.Owner{Eauth: "pam", User: "alice"}, []string{"ops"}
		})
		reach := func(tgt string) role.Verdict {
			return r.principal(secret).Scopes.Allows(role.Call{Client: "local", Funs: []role.Function{{Name: "cmd.run"}}, Tgt: tgt}).Verdict
		}
		for name, c := range map[string]struct {
			role role.Role
			want error
		}{
			"what she has":                         {runOn("new", "web1"), nil},
			"rules that she has":                   {rules("new", "test.ping", acl.Map{{Key: "db1", Value: []any{"state.apply"}}}), nil},
			"her own role, wider":                  {runOn("writer", "*"), issuer.Forbidden},
			"others' tokens, wider":                {runOn("ops", "web*", "db*"), issuer.Forbidden},
			"others' tokens, by rules":             {rules("ops", acl.Map{{Key: "db*", Value: []any{"cmd.run"}}}), issuer.Forbidden},
			"others' tokens, narrower":             {runOn("ops", "web1"), nil},
			"another's role as it is":              {runOn("all", "web*", "db*"), issuer.Forbidden},
			"another's role under another name":    {runOn("mine", "web*", "db*"), issuer.Forbidden},
			"a built-in role under another name":   {role.Role{Name: "su", Permissions: []role.Permission{role.Superuser}}, issuer.Forbidden},
			"a built-in role's permissions":        {role.Role{Name: "adm", Permissions: role.BuiltIn()[1].Permissions}, issuer.Forbidden},
			"a built-in role":                      {runOn("User", "web*"), issuer.Conflict},
			"a built-in role, but for the case":    {runOn("superuser", "web*"), issuer.Conflict},
			"the wheel":                            {rules("new", "@wheel"), issuer.Forbidden},
			"a function that she has on some only": {rules("new", "state.apply"), issuer.Forbidden},
			"a compound target with more":          {runOn("new", "web* or db1"), issuer.Forbidden},
			"a target that cannot be compared":     {runOn("new", "E@web"), issuer.Forbidden},
			"a nodegroup that nobody knows":        {runOn("new", "N@web"), issuer.Forbidden},
		} {
			err := r.PutRole(ctx, wendy, c.role, false)
			require.ErrorIs(r, err, c.want, name)
			if c.want == nil {
				require.NoError(r, err, name)
			}
		}
		require.Equal(r, role.Narrowed, reach("web1"))
		err := r.PutRole(ctx, wendy, runOn("new", "web1", "db1"), false)
		require.ErrorContains(r, err, "target 2 allows more than your own roles do")
		require.ErrorAs(r, err, new(*role.Wider))

		// Deleting a role and writing it anew does not change that.
		require.NoError(r, r.DeleteRole(ctx, wendy, "ops"))
		require.Equal(r, role.Refused, reach("web1"))
		require.ErrorIs(r, r.PutRole(ctx, wendy, runOn("ops", "db*"), true), issuer.Forbidden)
		require.ErrorIs(r, r.PutRole(ctx, wendy, writer, false), nil, "as it is")
		require.NoError(r, r.PutRole(ctx, user("carol", "admins"), runOn("all", "*"), false))
		require.NoError(r, r.PutRole(ctx, operator, rules("all", "@wheel"), false))
	})
}

// A token changes roles as far as its scopes and its owner's roles go, and one of
// Cloud Director's never does.
func TestTokensThatEdit(t *testing.T) {
	with(t, func(o *issuer.Options) {
		bosses(o)
		o.Assignments = append(o.Assignments, issuer.Assignment{Users: []string{"wendy"}, Roles: []string{"editor", "User"}})
		o.LoginRoles = []string{}
	}, func(r *env) {
		ctx := r.Context()
		editor := role.Role{Name: "editor", Permissions: []role.Permission{role.RoleWrite, role.RoleDelete, role.RoleRead, role.CmdRead}}
		require.NoError(r, r.PutRole(ctx, operator, editor, true))
		made := func(owner, scope string, p apitoken.Profile) string {
			secret, _ := r.create(operator, func(n *issuer.NewToken) {
				n.Owner, n.Name, n.Scopes, n.Profile = apitoken.Owner{Eauth: "pam", User: owner}, scope+string(p), []string{scope}, p
			})
			return secret
		}
		exchanged := func(secret string, p apitoken.Profile) string {
			x, err := r.Exchange(ctx, secret, issuer.Request{Profile: p, From: here})
			require.NoError(r, err)
			return x.Access.Reveal()
		}
		native, csp, vcd := made("boss", "Superuser", apitoken.ProfileNative), made("boss", "Superuser", apitoken.ProfileCSP), made("boss", "Superuser", apitoken.ProfileVCD)
		more := role.Role{Name: "more", Permissions: []role.Permission{role.AuditRead, role.TokenManage, "pillar-write"}}
		for name, c := range map[string]struct {
			secret string
			want   error
		}{
			"native":                          {native, nil},
			"its access token":                {exchanged(native, apitoken.ProfileNative), nil},
			"its access token of CSP":         {exchanged(native, apitoken.ProfileCSP), nil},
			"its access token of VCD":         {exchanged(native, apitoken.ProfileVCD), issuer.LoginRequired},
			"CSP":                             {csp, nil},
			"VCD":                             {vcd, issuer.LoginRequired},
			"its access token of VCD's":       {exchanged(vcd, apitoken.ProfileVCD), issuer.LoginRequired},
			"VCD's, exchanged at CSP":         {exchanged(vcd, apitoken.ProfileCSP), issuer.LoginRequired},
			"a boss's with fewer scopes":      {made("boss", "editor", apitoken.ProfileNative), issuer.Forbidden},
			"a user's with more scopes":       {made("alice", "Superuser", apitoken.ProfileNative), issuer.Forbidden},
			"an editor's with more scopes":    {made("wendy", "Superuser", apitoken.ProfileNative), issuer.Forbidden},
			"an editor's without that scope":  {made("wendy", "User", apitoken.ProfileNative), issuer.Forbidden},
			"an editor's with its own scopes": {made("wendy", "editor", apitoken.ProfileNative), issuer.Forbidden},
		} {
			err := r.PutRole(ctx, r.principal(c.secret).Caller(here), more, false)
			require.ErrorIs(r, err, c.want, name)
			if c.want == nil {
				require.NoError(r, err, name)
			}
		}

		// Not its own scope, either.
		for _, secret := range []string{made("wendy", "editor", apitoken.ProfileCSP), made("boss", "editor", apitoken.ProfileCSP)} {
			c := r.principal(secret).Caller(here)
			require.NoError(r, r.PutRole(ctx, c, role.Role{Name: "less", Permissions: []role.Permission{role.CmdRead}}, false))
			wider := editor
			wider.Permissions = append([]role.Permission{role.CmdWheelRun}, editor.Permissions...)
			require.ErrorIs(r, r.PutRole(ctx, c, wider, false), issuer.Forbidden)
			wider.Permissions = append([]role.Permission{"pillar-write"}, editor.Permissions...)
			require.ErrorIs(r, r.PutRole(ctx, c, wider, false), issuer.Forbidden, "it may mean something in the next release")
			require.NoError(r, r.DeleteRole(ctx, c, "less"))
			_, _, err := r.Create(ctx, c, issuer.NewToken{Name: "x", Scopes: []string{"User"}, Profile: apitoken.ProfileNative})
			require.ErrorIs(r, err, issuer.LoginRequired, "tokens are a login's")
		}
	})
}

// The roles of a login that nothing is configured for.
func TestDefaultRoles(t *testing.T) {
	with(t, func(o *issuer.Options) {
		o.Unrestricted = func(user, eauth string, groups []string) bool {
			return user == "root" && eauth == "pam" || slices.Contains(groups, "wheel")
		}
	}, func(r *env) {
		other := user("root")
		other.Eauth = "ldap"
		for name, c := range map[string]struct {
			caller issuer.Caller
			want   []string
		}{
			"root": {user("root"), []string{"Superuser", "User"}}, "by a group": {user("alice", "wheel"), []string{"Superuser", "User"}},
			"anybody": {user("alice", "staff"), []string{"User"}}, "another root": {other, []string{"User"}},
		} {
			roles, permissions, err := r.RightsOf(r.Context(), c.caller.User, c.caller.Eauth, c.caller.Groups)
			require.NoError(r, err)
			require.Equal(r, c.want, roles, name)
			require.Contains(r, permissions, role.TokenManage, name)
			super := len(c.want) == 2
			require.Equal(r, super, slices.Contains(permissions, role.Superuser), name)
			require.Equal(r, super, r.May(r.Context(), c.caller, role.JobWrite) == nil, name)
		}
	})
	t.Run("with login_roles", func(t *testing.T) {
		with(t, func(o *issuer.Options) {
			o.LoginRoles = []string{"Read-only"}
			o.Unrestricted = func(string, string, []string) bool { return true }
		}, func(r *env) {
			roles, _, err := r.RightsOf(r.Context(), "root", "pam", nil)
			require.NoError(r, err)
			require.Equal(r, []string{"Read-only"}, roles)
		})
	})
}

// Names with blanks are not taken for several names.
func TestRolesWithBlanks(t *testing.T) {
	with(t, func(o *issuer.Options) {
		o.LoginRoles = []string{"a b"}
		o.Assignments = []issuer.Assignment{{Users: []string{"bob"}, Roles: []string{"c"}}}
	}, func(r *env) {
		ctx := r.Context()
		for name, p := range map[string]role.Permission{"a b": role.CmdRead, "a": role.AuditRead, "b": role.RoleWrite, "b c": role.MasterRead, "c": role.EventRead} {
			require.NoError(r, r.PutRole(ctx, operator, role.Role{Name: name, Permissions: []role.Permission{p, role.TokenManage}}, true))
		}
		require.NoError(r, r.May(ctx, user("alice"), role.CmdRead))
		require.ErrorIs(r, r.May(ctx, user("alice"), role.AuditRead), issuer.Forbidden)
		require.NoError(r, r.May(ctx, user("bob"), role.EventRead))
		require.ErrorIs(r, r.May(ctx, user("bob"), role.MasterRead), issuer.Forbidden)
		for scope, want := range map[string]role.Permission{"a b": role.CmdRead, "b c": role.MasterRead} {
			secret, _ := r.create(user("alice"), func(n *issuer.NewToken) { n.Name, n.Scopes = scope, []string{scope} })
			require.True(r, r.principal(secret).Scopes.May(want))
			require.False(r, r.principal(secret).Scopes.May(role.AuditRead))
		}
	})
}

// A role that cannot be read allows nothing, and does not affect others.
func TestARoleThatCannotBeRead(t *testing.T) {
	with(t, nil, func(r *env) {
		for key, value := range map[string]string{
			"User": `{"name": "User", "permissions": ["superuser"]}`, "GOOD": `{"name": "GOOD", "permissions": ["cmd-read"]}`,
			"broken": `{`, "other": `{"name": "some", "permissions": ["cmd-read"]}`, "new": `{"name": "new", "permissions": ["to-fly"]}`,
			"good": `{"name": "good", "permissions": ["cmd-read"]}`,
		} {
			_, err := r.store.PutDocument(r.Context(), "roles", apitoken.Document{Key: key, Value: []byte(value)})
			require.NoError(r, err)
		}
		time.Sleep(time.Second)
		roles, err := r.Roles(r.Context(), user("alice"))
		require.NoError(r, err)
		require.Len(r, roles, 6)
		require.Equal(r, "GOOD", roles[5].Name, "the first of two whose names differ in case only")
		require.Equal(r, role.BuiltIn()[2], roles[2])
	})
}

func TestAssignmentsThatCannotBe(t *testing.T) {
	t.Parallel()
	pepper, err := apitoken.LoadPepper(t.TempDir())
	require.NoError(t, err)
	for _, a := range []issuer.Assignment{{Users: []string{"["}, Roles: []string{"User"}}, {Roles: []string{"Superuser"}}} {
		_, err := issuer.New(issuer.Options{
			Store: &store{}, Pepper: pepper, Owners: &town{}, Assignments: []issuer.Assignment{a},
		})
		require.Error(t, err)
	}
}
