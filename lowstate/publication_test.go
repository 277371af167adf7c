package lowstate

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
)

func publicationOf(fun string) saltmaster.Publication {
	return saltmaster.Publication{Fun: fun, TgtType: "glob", Tgt: mastertest.JSON(`"*"`), Arg: mastertest.JSON(`[]`)}
}

func TestCompound(t *testing.T) {
	t.Parallel()
	o := one("web1")
	o.Users = map[string]mastertest.User{"bench": {Password: "secret", Perms: []string{"test.*"}}}
	eachRelease(t, o, func(t *testing.T, b *before) {
		const local = `"client": "local", "tgt": "*", "fun": `
		b.require(`{"web1": {"test.ping": true, "test.echo": "x"}}`, local+`["test.ping", "test.echo"], "arg": [[], ["x"]]`)
		b.require(`{"web1": {"test.ping": true}}`, local+`["test.ping"]`)
		b.require(`{"web1": {"ret": {"test.ping": true, "test.retcode": true}, "retcode": {"test.ping": 0, "test.retcode": 2}, `+
			`"jid": "20260101000000000001"}}`, local+`["test.ping", "test.retcode"], "arg": [[], [2]], "full_return": true, `+
			`"jid": "20260101000000000001"`)
		got, err := b.call(`"client": "local_async", "tgt": "*", "fun": ["test.ping"]`)
		require.NoError(t, err)
		require.Contains(t, got, `"minions": ["web1"]`)
		b.require(`{"web1": "'test.ping,cmd.run' is not available."}`, local+`"test.ping,cmd.run"`)

		// The master would run these.
		sent := b.Count("publish")
		for _, list := range []string{
			`["test.ping", "cmd.run"]`, `["cmd.run", "test.ping"]`, `["saltutil.find_job", "cmd.run"]`, `["cmd.run"]`,
		} {
			for _, client := range []string{"local", "local_async", "local_batch", "local_subset"} {
				b.requireError(Unauthorized, textUnauthorized, `"client": "`+client+`", "tgt": "*", "fun": `+list)
				b.requireError(Unauthorized, textUnauthorized, ping, `"client": "`+client+`", "tgt": "*", "fun": `+list)
			}
		}
		require.Equal(t, sent, b.Count("publish"), "nothing was sent, of the chunks before neither")
	})
}

// Without rules every list is refused.
func TestCompoundWithoutRules(t *testing.T) {
	t.Parallel()
	b := gatewayBefore(t, one("web1"))
	b.gateway.rules = nil
	b.requireError(Unauthorized, textUnauthorized, `"client": "local", "tgt": "*", "fun": ["test.ping"]`)
	b.require(`{"web1": true}`, ping)
}

// authorizer records the calls that it authorizes.
type authorizer struct {
	who  acl.Subject
	call []acl.Call
	say  acl.Verdict
}

func (a *authorizer) Publish(who acl.Subject, c acl.Call) acl.Verdict {
	a.who, a.call = who, append(a.call, c)
	return a.say
}

func (a *authorizer) Runner(acl.Subject, string, any, any) acl.Verdict { return a.say }
func (a *authorizer) Wheel(acl.Subject, string, any, any) acl.Verdict  { return a.say }

func TestCompoundIsShownWhole(t *testing.T) {
	t.Parallel()
	id := eauth.Identity{User: "alice", Eauth: "pam", Groups: []string{"ops"}, AuthList: json.RawMessage(`["test.*", {"web*": [".*"]}]`)}
	p := saltmaster.Publication{
		TgtType: "list", Tgt: mastertest.JSON(`["web1"]`), Funs: mastertest.JSON(`["test.arg", "test.echo"]`),
		Arg: mastertest.JSON(`[[1, -1.5, {"__kwarg__": true, "a": [null, "b"]}], [18446744073709551615]]`),
	}
	a := &authorizer{say: acl.Allowed}
	g := New(Options{Authorizer: a})
	require.True(t, g.allowsAll(id, commandOf(&p)))
	require.Equal(t, acl.Subject{
		Eauth: "pam", User: "alice", Groups: []string{"ops"}, HasAuthList: true,
		AuthList: []any{"test.*", acl.Map{{Key: "web*", Value: []any{".*"}}}},
	}, a.who)
	tgt := []any{"web1"}
	require.Equal(t, []acl.Call{
		{Fun: "test.arg", Tgt: tgt, TgtType: "list",
			Args: []any{int64(1), -1.5, acl.Map{{Key: "__kwarg__", Value: true}, {Key: "a", Value: []any{nil, "b"}}}}},
		{Fun: "test.echo", Tgt: tgt, TgtType: "list", Args: []any{uint64(18446744073709551615)}},
	}, a.call)

	for _, say := range []acl.Verdict{acl.Refused, acl.Unknown} {
		a := &authorizer{say: say}
		require.False(t, New(Options{Authorizer: a}).allowsAll(id, commandOf(&p)), "%s", say)
		require.Len(t, a.call, 1, "the first refusal ends it")
	}
	id.AuthList = json.RawMessage(`{`)
	require.False(t, g.allowsAll(id, commandOf(&p)), "an auth_list that cannot be read")
	id.AuthList = nil
	p.Arg = mastertest.JSON(`[[]]`)
	require.False(t, g.allowsAll(id, commandOf(&p)), "not as many arguments as functions")
	p.Arg = mastertest.JSON(`"ab"`)
	require.False(t, g.allowsAll(id, commandOf(&p)))
}
