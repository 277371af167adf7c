// Package authmodule finds the eauth modules of a master that may decide themselves what their users may do. A
// module of Salt's can have a function acl(), which names a user's rules in place of external_auth, and a function
// process_acl(), which changes them; eauth_acl_module names one module whose acl() counts for the users of all.
//
//	m := authmodule.Modules{ACLModule: "demo", Dirs: []string{"/srv/salt/auth"}}
//	m.Says("pam") // ACL, because of eauth_acl_module
//
// The modules are not run and not parsed: one that Salt does not bring itself may have both functions, whatever is in it,
// and one that Salt brings is taken for Salt's only while no file in the master's folders may stand in its place. What
// such a folder does not show is a Salt extension that was installed with pip.
//
// The package imports nothing of Saltern.
package authmodule
