// Package role decides what an API token may do by its scopes. A scope names
// a role; a role is a set of permissions, and may also carry rules in the form
// of Salt's external_auth.
//
//	roles, err := role.NewRoles(role.Role{
//		Name: "deploy-web",
//		ACL:  role.ACL{acl.Map{{Key: "web*", Value: []any{"state.apply"}}}},
//	})
//	set := roles.Compile([]string{"deploy-web"}, role.Options{})
//
//	d := set.Allows(role.Call{
//		Client: "local", Funs: []role.Function{{Name: "state.apply"}}, Tgt: "*", TgtType: "glob",
//	}) // Narrowed to the compound target "* and web*"
//	set.May(role.EventRead)                  // false
//	set.MayReach(http.MethodGet, "/minions")  // false
//
// # What it decides, and what not
//
// A token may do what its scopes allow and what its owner may do at that
// moment. The master decides the second, since commands are sent with the
// owner's Salt token. So this package gives no rights: it only takes some away,
// and in cases of doubt it does.
//
// Where only rules with a target allow a function, the command is not refused
// but sent to the minions that are both requested and allowed. As always in
// Salt, each minion decides whether it matches: it evaluates the target that
// this package writes.
//
// What the gateway sends on its own behalf while it waits for a job, such as
// saltutil.find_job, is not a call of the token and is not checked by a [Set].
//
// # Rules are Salt's
//
// Rules in the form of external_auth are read as the master reads them, as
// operators expect. That includes that functions are regular
// expressions which match a prefix: "state.apply" also allows
// "state.apply_all", and "test.*" also allows "testinfra.run". A rule for the
// one function alone is "state\.apply$". It also includes that grains are
// reported by the minion itself.
//
// The package may import eauth/acl. Its values do not change after they were made:
// all methods are safe for use by several goroutines.
package role
