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
// moment. The second is the master's to decide, since commands go out under
// the owner's Salt token. So nothing here gives a right to anybody: it only
// takes some away, and takes it where there is doubt.
//
// Where only rules with a target allow a function, the command is not refused
// but aimed at those minions that are both asked for and allowed. The minions
// decide themselves whether they are meant, as always in Salt: they read the
// target that this package writes.
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
// one function alone is "state\.apply$". It also includes that grains are what a
// minion says of itself.
//
// The package may import eauth/acl. Nothing in it changes after it was made:
// all methods may be called from many goroutines at once.
package role
