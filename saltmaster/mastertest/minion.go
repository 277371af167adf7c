package mastertest

import (
	"context"
	"time"

	"github.com/saltern-api/saltern/internal/pause"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Builtin answers a few functions as minions do: test.ping, test.arg, test.echo, test.sleep, test.retcode and
// sys.list_functions. All others are not available.
func Builtin(ctx context.Context, job Job) Return {
	first := msgpack.Raw(msgpack.AppendNil(nil))
	if len(job.Arg) > 0 {
		first = job.Arg[0]
	}
	switch job.Fun {
	case "test.ping":
		return Return{Return: boolean(true)}
	case "test.arg":
		args, kwargs := split(job.Arg)
		return Return{Return: object(pair{"args", array(args...)}, pair{"kwargs", object(append(kwargs, job.pub()...)...)})}
	case "test.echo":
		return Return{Return: first}
	case "test.sleep":
		seconds, _ := first.Float()
		_ = pause.For(ctx, time.Duration(seconds*float64(time.Second)))
		return Return{Return: boolean(true)}
	case "test.retcode":
		code, _ := first.Int()
		return Return{Return: boolean(true), Retcode: int(code), Failed: code != 0}
	case "sys.list_functions":
		return Return{Return: texts([]string{"sys.list_functions", "test.arg", "test.echo", "test.ping", "test.retcode", "test.sleep"})}
	}
	return Return{Return: text("'" + job.Fun + "' is not available."), Retcode: 1, Failed: true, Out: "nested"}
}

// split takes the keyword arguments out of a function's arguments: a map that is marked __kwarg__.
func split(arg []msgpack.Raw) (args []msgpack.Raw, kwargs []pair) {
	for _, a := range arg {
		if _, marked := a.Lookup("__kwarg__"); !marked {
			args = append(args, a)
			continue
		}
		_ = a.Each(func(key, val msgpack.Raw) error {
			if k, _ := key.Str(); k != "__kwarg__" {
				kwargs = append(kwargs, pair{k, val})
			}
			return nil
		})
	}
	return args, kwargs
}

// pub is what a minion passes of its publication to a function that takes any keyword.
func (j Job) pub() []pair {
	known := []pair{
		{"__pub_fun", j.function()}, {"__pub_arg", j.arg}, {"__pub_tgt", j.Tgt}, {"__pub_jid", text(j.JID)},
		{"__pub_ret", text("")}, {"__pub_tgt_type", text(j.TgtType)}, {"__pub_user", text(j.User)},
	}
	for _, p := range j.extra {
		known = append(known, pair{"__pub_" + p.key, p.val})
	}
	return known
}

// work notes that a minion began a job, or that it ended it.
func (m *Master) work(job Job, begins bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := job.JID + "/" + job.Minion
	if begins {
		m.running[key] = job
		return
	}
	delete(m.running, key)
}

// findJob is saltutil.find_job: the job while it runs on this minion, or an empty map.
func (m *Master) findJob(_ context.Context, job Job) Return {
	jid := ""
	if len(job.Arg) > 0 {
		jid, _ = job.Arg[0].Str()
	}
	m.mu.Lock()
	r, ok := m.running[jid+"/"+job.Minion]
	m.mu.Unlock()
	if !ok {
		return Return{Return: object()}
	}
	data := []pair{
		{"pid", number(4242)}, {"fun", r.function()}, {"arg", array(r.Arg...)}, {"tgt", r.Tgt}, {"jid", text(r.JID)},
		{"ret", text("")}, {"tgt_type", text(r.TgtType)}, {"user", text(r.User)},
	}
	return Return{Return: object(append(data, r.extra...)...)}
}
