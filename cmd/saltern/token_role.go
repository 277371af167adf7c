package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/saltern-api/saltern/internal/gateway/operator"
)

const roleUsage = `saltern role: what tokens may do, for the operator on the gateway's host.

    saltern role list
    saltern role show NAME
    saltern role put FILE     take a role from a JSON file, or from standard input as -
    saltern role delete NAME

A role: {"name": "deploy-web", "acl": [{"web*": ["state.apply"]}]}
`

const accountUsage = `saltern service-account: accounts of programs, for the operator on the gateway's host.

    saltern service-account list
    saltern service-account show ID
    saltern service-account create --name NAME --scope ROLE [--scope ROLE ...] --user USER [--eauth pam]
    saltern service-account revoke ID   end all of its tokens
    saltern service-account delete ID
`

// roleCommand is the command role.
func roleCommand(ctx context.Context, args []string, std stdio) error {
	return runSub(ctx, "role", roleUsage, map[string]func() subcommand{
		"list": roleList, "show": shows("/v1/roles/"), "put": rolePut, "delete": deletes("/v1/roles/"),
	}, args, std)
}

// serviceAccountCommand is the command service-account.
func serviceAccountCommand(ctx context.Context, args []string, std stdio) error {
	const path = "/v1/service-accounts/"
	return runSub(ctx, "service-account", accountUsage, map[string]func() subcommand{
		"list": accountList, "show": shows(path), "create": accountCreate,
		"revoke": accountRevoke, "delete": deletes(path),
	}, args, std)
}

// shows prints the object at a path.
func shows(path string) func() subcommand {
	return func() subcommand {
		return subcommand{most: 1, run: func(ctx context.Context, o *operator.Client, args []string, std stdio) error {
			var v json.RawMessage
			if err := o.Do(ctx, "GET", path+url.PathEscape(args[0]), nil, &v); err != nil {
				return err
			}
			return printJSON(std.out, v)
		}}
	}
}

// deletes deletes the object at a path.
func deletes(path string) func() subcommand {
	return func() subcommand {
		return subcommand{most: 1, run: func(ctx context.Context, o *operator.Client, args []string, _ stdio) error {
			return o.Do(ctx, "DELETE", path+url.PathEscape(args[0]), nil, nil)
		}}
	}
}

func roleList() subcommand {
	return subcommand{run: func(ctx context.Context, o *operator.Client, _ []string, std stdio) error {
		var all struct {
			Roles []struct {
				Name        string `json:"name"`
				Description string `json:"description"`
				BuiltIn     bool   `json:"built_in"`
			} `json:"roles"`
		}
		if err := o.Do(ctx, "GET", "/v1/roles", nil, &all); err != nil {
			return err
		}
		t := newTable(std.out, "NAME", "BUILT IN", "DESCRIPTION")
		for _, r := range all.Roles {
			t.row(r.Name, strconv.FormatBool(r.BuiltIn), r.Description)
		}
		return t.flush()
	}}
}

// maxRoleFile is the limit of the API.
const maxRoleFile = 64 << 10

func rolePut() subcommand {
	return subcommand{most: 1, run: func(ctx context.Context, o *operator.Client, args []string, _ stdio) error {
		in := io.Reader(os.Stdin)
		if args[0] != "-" {
			f, err := os.Open(args[0])
			if err != nil {
				return fmt.Errorf("read the role: %w", err)
			}
			defer f.Close() //nolint:errcheck // it was only read
			in = f
		}
		text, err := io.ReadAll(io.LimitReader(in, maxRoleFile))
		if err != nil {
			return fmt.Errorf("read the role: %w", err)
		}
		var named struct {
			Name string `json:"name"`
		}
		if err := json.Unmarshal(text, &named); err != nil {
			return fmt.Errorf("read the role: %w", err)
		}
		if named.Name == "" {
			return fmt.Errorf("read the role: it has no name")
		}
		return o.Do(ctx, "PUT", "/v1/roles/"+url.PathEscape(named.Name), json.RawMessage(text), nil)
	}}
}

// accountJSON is the part of a service account that the list prints.
type accountJSON struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Scopes []string `json:"scopes"`
	Eauth  string   `json:"eauth"`
	User   string   `json:"user"`
	Status string   `json:"status"`
}

func accountList() subcommand {
	return subcommand{run: func(ctx context.Context, o *operator.Client, _ []string, std stdio) error {
		var all struct {
			Accounts []accountJSON `json:"service_accounts"`
		}
		if err := o.Do(ctx, "GET", "/v1/service-accounts", nil, &all); err != nil {
			return err
		}
		t := newTable(std.out, "ID", "NAME", "ACTS AS", "SCOPES", "STATUS")
		for _, a := range all.Accounts {
			t.row(a.ID, a.Name, a.Eauth+"/"+a.User, strings.Join(a.Scopes, ","), a.Status)
		}
		return t.flush()
	}}
}

func accountCreate() subcommand {
	var owner ownerFlags
	var name string
	var scopes words
	return subcommand{
		flags: func(f *flag.FlagSet) {
			owner.flags(f)
			f.StringVar(&name, "name", "", "")
			f.Var(&scopes, "scope", "")
		},
		run: func(ctx context.Context, o *operator.Client, _ []string, std stdio) error {
			var a accountJSON
			err := o.Do(ctx, "POST", "/v1/service-accounts", map[string]any{
				"name": name, "scopes": scopes, "user": owner.user, "eauth": owner.eauth,
			}, &a)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(std.out, a.ID)
			return err
		},
	}
}

func accountRevoke() subcommand {
	return subcommand{most: 1, run: func(ctx context.Context, o *operator.Client, args []string, _ stdio) error {
		return o.Do(ctx, "POST", "/v1/service-accounts/"+url.PathEscape(args[0])+"/revoke", nil, nil)
	}}
}
