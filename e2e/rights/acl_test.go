package rights

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/masterconf"
	"github.com/saltern-api/saltern/saltmaster/masterconf/yaml11"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/reqpool"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
	"github.com/saltern-api/saltern/saltmaster/zmtp"
)

// TestRulesAgreeWithTheMaster puts every call to the evaluator of external_auth and to a real master.
func TestRulesAgreeWithTheMaster(t *testing.T) {
	for release, salt := range sandboxtest.Salts(t) {
		t.Run(release, func(t *testing.T) {
			m := startACLMaster(t, salt, map[string]any{})
			for _, c := range aclCalls {
				what := fmt.Sprintf("%+v", c)
				got := m.evaluate(t, c)
				assert.Equal(t, c.want, got, what)
				if said := m.send(t, c); got != acl.Unknown {
					assert.Equal(t, said, got, what)
				}
			}
			t.Run("lists of functions", m.listsOfFunctions)
			t.Run("perms", m.perms)
		})
	}
}

// TestRulesAgreeWithOptions does the same for the options that change what rules mean.
func TestRulesAgreeWithOptions(t *testing.T) {
	for release, salt := range sandboxtest.Salts(t) {
		t.Run(release, func(t *testing.T) {
			m := startACLMaster(t, salt, map[string]any{"permissive_acl": true, "auth.enable_expanded_auth_matching": true})
			for _, c := range []aclCall{
				{user: "reader", fun: "test.ping", want: acl.Allowed},
				{user: "reader", fun: "sys.doc", want: acl.Refused},
				{user: "reader", fun: "saltutil.find_job", want: acl.Refused},
				{user: "stranger", fun: "sys.doc", want: acl.Refused}, // permissive_acl ends the rules of *
				{user: "web", fun: "test.ping", tgt: "web1", want: acl.Refused},
				{user: "grainy", fun: "test.ping", tgt: "web1", want: acl.Refused},
				{user: "odd", fun: "test.ping", want: acl.Refused},
				{user: "runs", kind: "runner", fun: "test.arg", want: acl.Allowed},
			} {
				require.Equal(t, c.want, m.evaluate(t, c), "%+v", c)
				require.Equal(t, c.want, m.send(t, c), "%+v", c)
			}
		})
	}
}

// aclMaster is a real master with the evaluator of its rules.
type aclMaster struct {
	*sandbox.Sandbox
	rules  *acl.Rules
	client *saltmaster.Client
	tokens *saltmaster.Tokens
	jids   *saltmaster.JIDs
}

func startACLMaster(t *testing.T, salt string, options map[string]any) *aclMaster {
	t.Helper()
	external, err := yaml11.Decode("external_auth", []byte(aclExternalAuth))
	require.NoError(t, err)
	config := map[string]any{"external_auth": plainYAML(external)}
	maps.Copy(config, options)
	box, err := sandbox.Start(t.Context(), sandbox.Options{
		Salt: salt, SaltAPI: len(options) == 0, WorkerThreads: envtest.FewWorkers, MasterConfig: config,
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, box.Stop(context.Background())) })
	for _, id := range aclMinions {
		require.NoError(t, os.WriteFile(filepath.Join(box.Dir(), "pki", "minions", id), []byte("a key"), 0o600))
	}

	m := &aclMaster{Sandbox: box, jids: new(saltmaster.JIDs)}
	mc, _, err := masterconf.Load(box.ConfDir())
	require.NoError(t, err)
	written, _ := mc.Option("external_auth")
	var modules []acl.Module
	for item := range written.(*yaml11.Map).All() {
		rules, _ := aclValue(item.Value).(acl.Map)
		modules = append(modules, acl.Module{Name: item.Key.(string), Rules: rules})
	}
	m.rules = acl.New(modules, acl.Options{
		PermissiveACL: mc.PermissiveACL, ExpandedMatching: mc.ExpandedAuthMatching, KeepACLInToken: mc.KeepACLInToken,
		Targets: acl.Accepted(func() ([]string, error) { return aclMinions, nil }),
	})
	pool := zmtp.NewPool(reqpool.Options{Network: "tcp", Address: net.JoinHostPort("127.0.0.1", strconv.Itoa(box.RetPort()))})
	m.client = saltmaster.New(pool, saltmaster.Options{User: mc.User})
	t.Cleanup(func() { m.client.Close(); pool.Close() })
	m.tokens = saltmaster.NewTokens(m.client, saltmaster.TokensOptions{
		TokenDir: mc.TokenDir, CacheDir: mc.CacheDir, HashType: mc.HashType, Life: time.Hour, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, m.tokens.Check(t.Context()))
	return m
}

// plainYAML is a value as the sandbox writes it.
func plainYAML(v any) any {
	switch v := v.(type) {
	case *yaml11.Map:
		m := make(map[any]any, v.Len())
		for item := range v.All() {
			m[item.Key] = plainYAML(item.Value)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, x := range v {
			list[i] = plainYAML(x)
		}
		return list
	default:
		return v
	}
}

// aclValue is a value of a configuration or of JSON in the terms of package acl.
func aclValue(v any) any {
	switch v := v.(type) {
	case *yaml11.Map:
		m := acl.Map{}
		for item := range v.All() {
			m = append(m, acl.Pair{Key: item.Key, Value: aclValue(item.Value)})
		}
		return m
	case map[string]any:
		m := acl.Map{}
		for key, x := range v {
			m = append(m, acl.Pair{Key: key, Value: aclValue(x)})
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, x := range v {
			list[i] = aclValue(x)
		}
		return list
	case json.Number:
		i, err := v.Int64()
		if err != nil {
			return v.String()
		}
		return i
	default:
		return v
	}
}

// fromJSON reads a part of a call in both forms. Nothing is the default.
func fromJSON(t *testing.T, text, def string) (any, msgpack.Raw) {
	t.Helper()
	if text == "" {
		text = def
	}
	var v any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	require.NoError(t, d.Decode(&v))
	raw, err := msgpack.AppendFromJSON(nil, []byte(text))
	require.NoError(t, err)
	return aclValue(v), raw
}

func (c aclCall) who() acl.Subject {
	w := acl.Subject{Eauth: c.module, User: c.user, Groups: c.groups}
	if w.Eauth == "" {
		w.Eauth = "sharedsecret"
	}
	return w
}

func (c aclCall) target() (tgt, typ string) {
	tgt, typ = c.tgt, c.typ
	if tgt == "" {
		tgt = "*"
	}
	if typ == "" {
		typ = "glob"
	}
	return tgt, typ
}

func (m *aclMaster) evaluate(t *testing.T, c aclCall) acl.Verdict {
	t.Helper()
	args, _ := fromJSON(t, c.args, "[]")
	kwargs, _ := fromJSON(t, c.kwargs, "{}")
	switch c.kind {
	case "runner":
		return m.rules.Runner(c.who(), c.fun, args, kwargs)
	case "wheel":
		return m.rules.Wheel(c.who(), c.fun, args, kwargs)
	default:
		tgt, typ := c.target()
		return m.rules.Publish(c.who(), acl.Call{Fun: c.fun, Args: args.([]any), Tgt: tgt, TgtType: typ})
	}
}

// send sends the call to the master, with a token of the caller's, and returns whether it was let through.
func (m *aclMaster) send(t *testing.T, c aclCall) acl.Verdict {
	t.Helper()
	_, args := fromJSON(t, c.args, "[]")
	_, kwargs := fromJSON(t, c.kwargs, "{}")
	token := m.token(t, c.who())
	var err error
	switch c.kind {
	case "runner":
		_, err = m.client.Runner(t.Context(), saltmaster.RunnerCall{Fun: c.fun, Arg: args, Kwarg: kwargs, Token: token})
	case "wheel":
		both := msgpack.AppendMap(nil, 2) // where the master looks for arguments to check
		both = append(msgpack.AppendString(both, "arg"), args...)
		both = append(msgpack.AppendString(both, "kwarg"), kwargs...)
		_, err = m.client.Wheel(t.Context(), saltmaster.WheelCall{
			Fun: c.fun, Arg: msgpack.AppendArray(nil, 0), Kwarg: both, Token: token,
		})
	default:
		p := m.publication(c, token)
		p.Fun, p.Arg = c.fun, args
		_, err = m.client.Publish(t.Context(), p)
	}
	return verdictOf(t, err)
}

func (m *aclMaster) publication(c aclCall, token string) saltmaster.Publication {
	tgt, typ := c.target()
	return saltmaster.Publication{Tgt: msgpack.AppendString(nil, tgt), TgtType: typ, JID: m.jids.Next(), Token: token}
}

func (m *aclMaster) token(t *testing.T, who acl.Subject) string {
	t.Helper()
	made, err := m.tokens.Write(t.Context(), who.User, who.Eauth, who.Groups, 0)
	require.NoError(t, err)
	return made.Token
}

// verdictOf takes every answer of the master's but a job for a refusal: it also says no by failing.
func verdictOf(t *testing.T, err error) acl.Verdict {
	t.Helper()
	if err == nil {
		return acl.Allowed
	}
	_, refused := errors.AsType[*saltmaster.RefusedError](err)
	require.True(t, refused || errors.Is(err, saltmaster.ErrUnauthorized) || errors.Is(err, saltmaster.ErrUnauthenticated), "%v", err)
	return acl.Refused
}

// listsOfFunctions shows why each function of a list has to be checked: the master lets a list through for one of them.
func (m *aclMaster) listsOfFunctions(t *testing.T) {
	send := func(user string, funs ...string) acl.Verdict {
		c := aclCall{user: user}
		p := m.publication(c, m.token(t, c.who()))
		p.Funs = msgpack.AppendArray(nil, len(funs))
		p.Arg = msgpack.AppendArray(nil, len(funs))
		for _, f := range funs {
			p.Funs = msgpack.AppendString(p.Funs, f)
			p.Arg = msgpack.AppendArray(p.Arg, 0)
		}
		_, err := m.client.Publish(t.Context(), p)
		return verdictOf(t, err)
	}
	require.Equal(t, acl.Allowed, send("reader", "test.ping", "grains.items"))
	require.Equal(t, acl.Refused, send("reader", "cmd.run", "cmd.shell"))
	require.Equal(t, acl.Allowed, send("reader", "cmd.run", "test.ping"))
	require.Equal(t, acl.Refused, m.evaluate(t, aclCall{user: "reader", fun: "cmd.run"}))
}

// perms compares with what the real salt-api answers to a login, three times over.
func (m *aclMaster) perms(t *testing.T) {
	users := []string{"reader", "web", "everywhere", "picky", "odd", "letters", "nothing", "stranger", "glob1"}
	for _, user := range slices.Concat(users, users[:2], users[:2]) {
		form := strings.NewReader(fmt.Sprintf(`{"username": %q, "password": %q, "eauth": "sharedsecret"}`, user, m.Secret()))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, m.SaltAPIURL()+"/login", form)
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, errors.Join(err, resp.Body.Close()))
		var login struct {
			Return []struct {
				Perms json.RawMessage `json:"perms"`
			} `json:"return"`
		}
		require.NoError(t, json.Unmarshal(body, &login), "%s", body)
		require.Len(t, login.Return, 1)
		require.Equal(t, string(login.Return[0].Perms), string(m.rules.Perms(acl.Subject{Eauth: "sharedsecret", User: user})), user)
	}
}
