package accounts_test

import (
	"context"
	"fmt"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/server/rpc/accounts"
	"github.com/saltern-api/saltern/server/rpc/rpctest"
	"github.com/saltern-api/saltern/server/rpc/saved"
)

// roles has one role.
type roles struct{ accounts.Accounts }

func (roles) Roles(context.Context, issuer.Caller) ([]role.Role, error) {
	return []role.Role{{Name: "ops", Description: "Operators", Permissions: []role.Permission{role.CmdRun}}}, nil
}

// A role is found by its name.
func Example() {
	api := &accounts.API{Saved: new(saved.API), Accounts: roles{}}
	fmt.Println(rpctest.Do(api.Methods(), "auth.get_role", `{"role_name": "ops"}`))
	// Output: {"ops":{"name":"ops","desc":"Operators","uuid":"201bd5c7-6621-565d-af9d-bf4a21cd525a","perms":["cmd-run"]}}
}
