package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/saltern-api/saltern/internal/gateway/config"
	"github.com/saltern-api/saltern/internal/gateway/operator"
)

//nolint:gosec // no credential is in it
const tokenUsage = `saltern token: API tokens, for the operator on the gateway's host.

    saltern token create --name NAME --scope ROLE [--scope ROLE ...] --user USER [--eauth pam]
                         [--ttl 180d|never] [--remind MAIL]
    saltern token create --name NAME --service-account ID [--scope ROLE ...] [--ttl ...]
    saltern token list [--user USER [--eauth pam] | --service-account ID] [--json]
    saltern token show ID [--json]
    saltern token regenerate ID
    saltern token revoke ID [ID ...]

The token itself is the only thing on standard output, and is shown this once.
All take -c DIR and --config FILE. They ask the gateway over its socket in
state_dir, or open the store themselves when no gateway runs.
`

// tokenJSON is the part of a token that the commands print.
type tokenJSON struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Owner struct {
		Eauth          string `json:"eauth"`
		User           string `json:"user"`
		ServiceAccount string `json:"service_account"`
	} `json:"owner"`
	Token    string     `json:"token"`
	Scopes   []string   `json:"scopes"`
	State    string     `json:"state"`
	Expires  *time.Time `json:"expires"`
	LastUsed *struct {
		At      time.Time `json:"at"`
		Address string    `json:"address"`
	} `json:"last_used"`
}

// words collects a flag that may be repeated.
type words []string

func (w *words) String() string     { return strings.Join(*w, ",") }
func (w *words) Set(s string) error { *w = append(*w, s); return nil }

// subcommand is a sub-command. most is the maximum number of arguments besides
// flags, -1 for one or more.
type subcommand struct {
	flags func(f *flag.FlagSet)
	most  int
	run   func(ctx context.Context, o *operator.Client, args []string, std stdio) error
}

// runSub finds a sub-command, parses its flags, which may also follow its
// arguments, and runs it.
func runSub(ctx context.Context, name, usage string, subs map[string]func() subcommand, args []string, std stdio) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		fmt.Fprint(std.out, usage)
		return nil
	}
	prepare, ok := subs[args[0]]
	if !ok {
		return fmt.Errorf("%w: there is no %s %s", errUsage, name, args[0])
	}
	sub := prepare()
	var files config.Files
	f := flags(name + " " + args[0])
	fileFlags(f, &files)
	if sub.flags != nil {
		sub.flags(f)
	}
	rest, err := parseMixed(f, args[1:])
	if err != nil {
		return err
	}
	if len(rest) > sub.most && sub.most >= 0 || sub.most != 0 && len(rest) == 0 {
		return fmt.Errorf("%w of %s", errUsage, f.Name())
	}
	c, err := load(files)
	if err != nil {
		return err
	}
	o, err := operator.Open(ctx, c, "saltern "+builtVersion(), newLog(std.err, slog.LevelWarn))
	if err != nil {
		return err
	}
	defer o.Close()
	return sub.run(ctx, o, rest, std)
}

// parseMixed parses flags in any position.
func parseMixed(f *flag.FlagSet, args []string) (rest []string, err error) {
	for {
		if err := f.Parse(args); err != nil {
			return nil, fmt.Errorf("%w of %s: %w", errUsage, f.Name(), err)
		}
		if f.NArg() == 0 {
			return rest, nil
		}
		rest, args = append(rest, f.Arg(0)), f.Args()[1:]
	}
}

// tokenCommand is the command token.
func tokenCommand(ctx context.Context, args []string, std stdio) error {
	return runSub(ctx, "token", tokenUsage, map[string]func() subcommand{
		"create": tokenCreate, "list": tokenList, "show": tokenShow,
		"regenerate": tokenRegenerate, "revoke": tokenRevoke,
	}, args, std)
}

// ownerFlags are the flags that name an owner.
type ownerFlags struct{ user, eauth, account string }

func (o *ownerFlags) flags(f *flag.FlagSet) {
	f.StringVar(&o.user, "user", "", "")
	f.StringVar(&o.eauth, "eauth", "pam", "")
	f.StringVar(&o.account, "service-account", "", "")
}

// fields returns the names of the owner in the API.
func (o *ownerFlags) fields() map[string]string {
	switch {
	case o.account != "":
		return map[string]string{"service_account": o.account}
	case o.user != "":
		return map[string]string{"user": o.user, "eauth": o.eauth}
	}
	return nil
}

func tokenCreate() subcommand {
	var owner ownerFlags
	var name, ttl, remind string
	var scopes words
	return subcommand{
		flags: func(f *flag.FlagSet) {
			owner.flags(f)
			f.StringVar(&name, "name", "", "")
			f.StringVar(&ttl, "ttl", "", "")
			f.StringVar(&remind, "remind", "", "")
			f.Var(&scopes, "scope", "")
		},
		run: func(ctx context.Context, o *operator.Client, _ []string, std stdio) error {
			in := map[string]any{"name": name, "scopes": scopes, "ttl": ttl, "remind": remind}
			for key, value := range owner.fields() {
				in[key] = value
			}
			if len(owner.fields()) == 0 {
				return fmt.Errorf("%w of token create: --user or --service-account is needed", errUsage)
			}
			var t tokenJSON
			if err := o.Do(ctx, "POST", "/v1/tokens", in, &t); err != nil {
				return err
			}
			return t.reveal(std)
		},
	}
}

func tokenRegenerate() subcommand {
	return subcommand{most: 1, run: func(ctx context.Context, o *operator.Client, args []string, std stdio) error {
		var t tokenJSON
		if err := o.Do(ctx, "POST", "/v1/tokens/"+url.PathEscape(args[0])+"/regenerate", nil, &t); err != nil {
			return err
		}
		return t.reveal(std)
	}}
}

// reveal prints the secret to standard output, for scripts, and the rest to
// standard error, for people.
func (t *tokenJSON) reveal(std stdio) error {
	fmt.Fprintf(std.err, "token %s (%s) of %s, scopes %s, expires %s\n",
		t.ID, inLine(t.Name), inLine(t.owner()), strings.Join(t.Scopes, ", "), t.expires())
	_, err := fmt.Fprintln(std.out, t.Token)
	return err
}

func tokenList() subcommand {
	var owner ownerFlags
	var asJSON bool
	return subcommand{
		flags: func(f *flag.FlagSet) {
			owner.flags(f)
			f.BoolVar(&asJSON, "json", false, "")
		},
		run: func(ctx context.Context, o *operator.Client, _ []string, std stdio) error {
			query := url.Values{"limit": {"1000"}}
			for key, value := range owner.fields() {
				query.Set(key, value)
			}
			all := []json.RawMessage{}
			for {
				var page struct {
					Tokens []json.RawMessage `json:"tokens"`
					Next   string            `json:"next"`
				}
				if err := o.Do(ctx, "GET", "/v1/tokens?"+query.Encode(), nil, &page); err != nil {
					return err
				}
				all = append(all, page.Tokens...)
				if page.Next == "" {
					break
				}
				query.Set("after", page.Next)
			}
			if asJSON {
				return printJSON(std.out, all)
			}
			return printTokens(std.out, all)
		},
	}
}

func tokenShow() subcommand {
	return subcommand{most: 1, run: func(ctx context.Context, o *operator.Client, args []string, std stdio) error {
		var t json.RawMessage
		if err := o.Do(ctx, "GET", "/v1/tokens/"+url.PathEscape(args[0]), nil, &t); err != nil {
			return err
		}
		return printJSON(std.out, t)
	}, flags: func(f *flag.FlagSet) { f.Bool("json", true, "") }}
}

func tokenRevoke() subcommand {
	return subcommand{most: -1, run: func(ctx context.Context, o *operator.Client, args []string, std stdio) error {
		for _, id := range args {
			if err := o.Do(ctx, "DELETE", "/v1/tokens/"+url.PathEscape(id), nil, nil); err != nil {
				return fmt.Errorf("token %s: %w", id, err)
			}
			fmt.Fprintf(std.err, "token %s is revoked\n", inLine(id))
		}
		return nil
	}}
}

func printJSON(out io.Writer, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("print: %w", err)
	}
	_, err = fmt.Fprintf(out, "%s\n", text)
	return err
}

func printTokens(out io.Writer, all []json.RawMessage) error {
	t := newTable(out, "ID", "NAME", "OWNER", "SCOPES", "STATE", "EXPIRES", "LAST USED")
	for _, text := range all {
		var r tokenJSON
		if err := json.Unmarshal(text, &r); err != nil {
			return fmt.Errorf("read the answer: %w", err)
		}
		used := "never"
		if r.LastUsed != nil {
			used = r.LastUsed.At.Format(time.RFC3339)
		}
		t.row(r.ID, r.Name, r.owner(), strings.Join(r.Scopes, ","), r.State, r.expires(), used)
	}
	return t.flush()
}

func (t *tokenJSON) owner() string {
	if t.Owner.ServiceAccount != "" {
		return "service account " + t.Owner.ServiceAccount
	}
	return t.Owner.Eauth + "/" + t.Owner.User
}

func (t *tokenJSON) expires() string {
	if t.Expires == nil {
		return "never"
	}
	return t.Expires.Format(time.RFC3339)
}
