// Package acl evaluates the rules of Salt's external_auth: what a user may call, and what /login shows of it. The
// master decides by the same rules; this package is for decisions of the gateway before the master's, or without it:
// the perms of a login, each function of a list before the list is sent (the master lets a list through as soon as one
// of its functions is allowed), and salt-ssh, which does not involve the master.
//
//	rules := acl.New([]acl.Module{{Name: "pam", Rules: acl.Map{
//		{Key: "alice", Value: []any{"test.*", acl.Map{{Key: "web*", Value: []any{"state.apply"}}}}},
//	}}}, acl.Options{Targets: acl.Accepted(ids)})
//
//	subject := acl.Subject{Eauth: "pam", User: "alice"}
//	rules.Perms(subject) // ["test.*", {"web*": ["state.apply"]}]
//	rules.Publish(subject, acl.Call{Fun: "test.ping", Tgt: "*", TgtType: "glob"}) // Allowed
//	rules.Runner(subject, "jobs.active", nil, nil)                                // Refused
//
// The results are exactly the master's: its patterns are Python's and match a prefix, a text in place of a list counts
// letter by letter, and where its code ends in an exception nothing is allowed. What cannot be decided here is
// [Unknown], which a caller must treat as a refusal: Python's patterns that Go cannot express, targets that need the
// grains or pillars of minions, and rules that Salt 3006 and 3008 read differently.
//
// Values are those of YAML and msgpack: nil, bool, integers, float64, string, []byte, []any and [Map].
//
// The package may import internal/pyglob. Nothing in it changes after [New]: all methods may be called from many
// goroutines at once.
package acl
