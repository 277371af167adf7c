package saltssh_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/saltern-api/saltern/lowstate/saltssh"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

func Example() {
	program := saltssh.New(saltssh.Options{Program: "/nonexistent/salt-ssh", MasterFile: "/etc/salt/master"})
	call := saltssh.Call{Target: "web1", Fun: "test.ping", JID: "20260101000000000001"}
	if err := call.Settings.Add("ssh_user", msgpack.AppendString(nil, "deploy")); err != nil {
		fmt.Println(err)
		return
	}
	_, err := program.Run(context.Background(), call)
	fmt.Println(errors.Is(err, saltssh.ErrNotFound))
	// Output: true
}
