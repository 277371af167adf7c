package role_test

import (
	"fmt"

	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
)

func Example() {
	roles, err := role.NewRoles(role.Role{
		Name: "deploy-web",
		ACL:  role.ACL{acl.Map{{Key: "web*", Value: []any{"state.apply"}}}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	set := roles.Compile([]string{"deploy-web"}, role.Options{})
	d := set.Allows(role.Call{
		Client: "local", Funs: []role.Function{{Name: "state.apply"}}, Tgt: "*", TgtType: "glob",
	})
	fmt.Println(d.Verdict == role.Narrowed, d.Tgt, d.TgtType)
	fmt.Println(set.May(role.EventRead))
	// Output:
	// true * and web* compound
	// false
}
