package lowstate

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// passedOn are the chunk's keys that the master reads among a publication's
// keywords. No other keys of a client are sent.
var passedOn = []string{
	"delimiter", "nocache", "master_id", "id", "ret_config", "metadata",
	"module_executors", "executor_opts", "ret_kwargs", "start_event",
}

// publication returns the publication of a chunk of the local clients. Its JID
// is the chunk's own, or "".
func (m *Master) publication(c Chunk) (saltmaster.Publication, error) {
	tgt, tgtType, err := m.target(c)
	if err != nil {
		return saltmaster.Publication{}, err
	}
	run, err := c.minionCall()
	if err != nil {
		return saltmaster.Publication{}, err
	}
	jid, err := c.jobID()
	if err != nil {
		return saltmaster.Publication{}, err
	}
	ret, _ := c.Text("ret") // minions ignore other types
	p := saltmaster.Publication{
		Tgt: tgt, TgtType: tgtType, Fun: run.fun, Funs: run.funs, Arg: run.arg, JID: jid,
		Ret: m.returners(ret),
	}
	for _, key := range passedOn {
		if v, ok := c.Get(key); ok {
			p.Extra = append(p.Extra, saltmaster.Extra{Key: key, Value: v})
		}
	}
	return p, nil
}

// returners adds the operator's ext_job_cache to the chunk's own returners.
func (m *Master) returners(ret string) string {
	switch {
	case m.ExtJobCache == "":
		return ret
	case ret == "":
		return m.ExtJobCache
	default:
		return ret + "," + m.ExtJobCache
	}
}

// query returns a publication that queries the minions of another one before
// that is sent.
func query(p saltmaster.Publication, fun string) saltmaster.Publication {
	q := saltmaster.Publication{Tgt: p.Tgt, TgtType: p.TgtType, Fun: fun, Arg: msgpack.AppendArray(nil, 0)}
	for _, e := range p.Extra {
		if e.Key == "delimiter" {
			q.Extra = append(q.Extra, e)
		}
	}
	return q
}

// publish sends a publication with the caller's authority. The JID is "" if no
// minion matched and nothing was sent.
func (m *Master) publish(ctx context.Context, grant eauth.Grant, p saltmaster.Publication, rec *Record) (saltmaster.Published, error) {
	var done saltmaster.Published
	if m.OrderMasters {
		p.Timeout = max(p.Timeout, m.Timeout)
	}
	rec.starting(p.JID, p.Fun)
	err := withGrant(ctx, grant, func(ctx context.Context, as proof) (err error) {
		p := p
		p.Token, p.Login = as.token, as.login
		done, err = m.Commands.Publish(ctx, p)
		if errors.Is(err, saltmaster.ErrUnauthorized) {
			grant.Exposed(as.token)
		}
		return err
	})
	if err != nil {
		return saltmaster.Published{}, err
	}
	if len(done.Minions) == 0 && !m.OrderMasters {
		done.JID = ""
	}
	rec.Minions = len(done.Minions)
	rec.started(done.JID, p.Fun)
	return done, nil
}

// maxFunctions is the maximum number of functions in a chunk. They run one
// after the other on each minion.
const maxFunctions = 100

// minionCall is the command for a minion: one function, or a list of them,
// which Salt calls a compound command.
type minionCall struct {
	fun  string      // the function, or the functions of a list joined by commas, for the log
	funs msgpack.Raw // the list; nil for one function
	arg  msgpack.Raw // the arguments as published; for a list, an array for each function
}

// minionCall returns the chunk's functions with their arguments.
func (c Chunk) minionCall() (minionCall, error) {
	if v, ok := c.present("fun"); ok && v.Kind() == msgpack.Array {
		return c.compound(v)
	}
	fun, err := c.function()
	if err != nil && !errors.Is(err, errEmptyFunction) { // minions return an error, as for any function that they do not have
		return minionCall{}, err
	}
	kwargs, err := c.mapping("kwarg")
	return minionCall{fun: fun, arg: conditioned(c.list("arg"), kwargs)}, err
}

func (c Chunk) compound(funs msgpack.Raw) (minionCall, error) {
	switch n := funs.Len(); {
	case n == 0:
		return minionCall{}, errors.New("fun is empty")
	case n > maxFunctions:
		return minionCall{}, fmt.Errorf("%d functions are more than the %d that fun may list", n, maxFunctions)
	case c.truthy("kwarg"):
		// Salt passes it to no function, or to the wrong one.
		return minionCall{}, errors.New(`kwarg does not go with a list of functions: ` +
			`end a function's arguments with {"__kwarg__": true, ...}`)
	}
	var names []string
	err := funs.Elems(func(e msgpack.Raw) error {
		name, err := functionName(e)
		names = append(names, name)
		return err
	})
	if err != nil {
		return minionCall{}, err
	}
	arg, err := c.compoundArg(len(names))
	return minionCall{fun: strings.Join(names, ","), funs: funs, arg: arg}, err
}

var errCompoundArg = errors.New("arg must have a list of arguments for each function")

// compoundArg returns n lists of arguments. A minion with fewer of them than
// functions does not return at all, and its caller would wait for it.
func (c Chunk) compoundArg(n int) (msgpack.Raw, error) {
	lists := c.list("arg")
	if lists == nil {
		lists = make([]msgpack.Raw, n)
	}
	if len(lists) != n {
		return nil, errCompoundArg
	}
	b := msgpack.AppendArray(nil, n)
	for _, list := range lists {
		switch {
		case isNothing(list):
			b = msgpack.AppendArray(b, 0)
		case list.Kind() == msgpack.Array:
			b = append(b, list...)
		default:
			return nil, errCompoundArg
		}
	}
	return b, nil
}

// isNothing reports whether a value is the placeholder of Salt's command line
// for an empty list.
func isNothing(v msgpack.Raw) bool {
	s, isText := v.Str()
	return len(v) == 0 || v.IsNil() || isText && s == ""
}
