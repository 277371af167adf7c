package mastertest

import (
	"context"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// authorize returns the caller of a runner or wheel function, and a refusal where it may not call it.
func (m *Master) authorize(load msgpack.Raw, form string) (user string, refused msgpack.Raw) {
	c := m.authenticate(load)
	fun := lookupText(load, "fun")
	if !c.known {
		return "", c.refusal()
	}
	if !strings.Contains(fun, ".") {
		return "", failure("SaltInvocationError", "A command invocation error occurred: Check syntax.")
	}
	if !m.mayCall(c.user, form, fun) {
		return "", c.refusal()
	}
	return c.user, nil
}

func (m *Master) runner(load msgpack.Raw) answer {
	user, refused := m.authorize(load, "runner")
	if refused != nil {
		return plain(refused)
	}
	kwarg, _ := load.Lookup("kwarg") // {arg: [...], kwarg: {...}}
	c := newCall(load, kwarg, m.newJID(), user)
	tag := "salt/run/" + c.JID
	return answer{
		reply: object(pair{"tag", text(tag)}, pair{"jid", text(c.JID)}),
		then:  func() { m.jobs.Go(func() { m.run(c, tag) }) },
	}
}

func newCall(load, args msgpack.Raw, jid, user string) Call {
	c := Call{JID: jid, Fun: lookupText(load, "fun"), User: user, Kwarg: object()}
	arg, _ := args.Lookup("arg")
	c.Arg = elements(arg)
	if kwarg, ok := args.Lookup("kwarg"); ok && kwarg.Kind() == msgpack.Map {
		c.Kwarg = kwarg
	}
	return c
}

// head is what a call's events begin with.
func (c Call) head(form string) []pair {
	return []pair{{"fun", text(form + "." + c.Fun)}, {"jid", text(c.JID)}, {"user", text(c.User)}}
}

func (c Call) funArgs() pair {
	args := c.Arg
	if c.Kwarg.Len() > 0 {
		args = append(slices.Clip(args), c.Kwarg)
	}
	return pair{"fun_args", array(args...)}
}

func (m *Master) run(c Call, tag string) {
	ctx := m.lifetime()
	f, known := m.opts.Runners[c.Fun]
	if !known && c.Fun == "test.arg" {
		f, known = runnerArg, true
	}
	if !known {
		if m.release.silentRunner {
			return
		}
		m.Fire(tag+"/ret", object(append(c.head("runner"), pair{"return", text(notAvailable("runner", c.Fun))},
			pair{"success", boolean(false)}, pair{"retcode", number(1)}, m.stamp())...))
		return
	}
	m.Fire(tag+"/new", object(append(c.head("runner"), c.funArgs(), m.stamp())...))
	ret, ok := f(ctx, c)
	if ctx.Err() != nil {
		return
	}
	m.Fire(tag+"/ret", object(append(c.head("runner"), c.funArgs(), m.stamp(), pair{"return", ret},
		pair{"success", boolean(ok)})...))
}

func runnerArg(_ context.Context, c Call) (msgpack.Raw, bool) {
	return object(pair{"args", array(c.Arg...)}, pair{"kwargs", c.Kwarg}), true
}

func notAvailable(form, fun string) string {
	return "Exception occurred in " + form + " " + fun + ": Traceback (most recent call last):\n" +
		"  File \"/opt/salt/client/mixins.py\", line 341, in low\n" +
		"    salt.utils.lazy.verify_fun(self_functions, fun)\n" +
		"  File \"/opt/salt/utils/lazy.py\", line 23, in verify_fun\n" +
		"    raise salt.exceptions.CommandExecutionError(lazy_obj.missing_fun_string(fun))\n" +
		"salt.exceptions.CommandExecutionError: '" + fun + "' is not available.\n"
}
