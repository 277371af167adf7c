package acl_test

import (
	"fmt"

	"github.com/saltern-api/saltern/eauth/acl"
)

func Example() {
	ids := func() ([]string, error) { return []string{"db1", "web1"}, nil }
	rules := acl.New([]acl.Module{{Name: "pam", Rules: acl.Map{
		{Key: "alice", Value: []any{"test.*", acl.Map{{Key: "web*", Value: []any{"state.apply"}}}}},
	}}}, acl.Options{Targets: acl.Accepted(ids)})

	alice := acl.Subject{Eauth: "pam", User: "alice"}
	fmt.Println(rules.Publish(alice, acl.Call{Fun: "test.ping", Tgt: "*", TgtType: "glob"}) == acl.Allowed)
	fmt.Println(rules.Publish(alice, acl.Call{Fun: "state.apply", Tgt: "*", TgtType: "glob"}) == acl.Allowed)
	fmt.Println(rules.Publish(alice, acl.Call{Fun: "state.apply", Tgt: "web1", TgtType: "glob"}) == acl.Allowed)
	// Output:
	// true
	// false
	// true
}
