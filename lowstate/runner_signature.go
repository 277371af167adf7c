package lowstate

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/lowstate/internal/signature"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// This file leaves out the keyword arguments that a runner function does not
// take, as salt-api does: clients send a tgt with everything. Which these are
// is settled before scopes and the master are asked, so that they, too, see
// what is sent. What came of the call itself tells nothing: the function may
// have run, and its own code may have failed for other arguments.

// signatures are what is known of the arguments of runner functions.
type signatures struct {
	stock map[string]signature.Signature

	// replaced reports whether the master may have another module of a name
	// than Salt's own.
	replaced func(module string) bool

	mu     sync.Mutex
	proven map[string]provenSignature // by function
}

// provenSignature is what the master said of a function. Only what a function
// takes is believed for a while: an argument is left out after asking alone.
type provenSignature struct {
	signature.Signature
	until time.Time
}

const (
	signatureLife = 10 * time.Minute
	maxSignatures = 1000

	// signatureWait is how long the master may take to tell a signature.
	signatureWait = 20 * time.Second
)

func newSignatures(replaced func(module string) bool) *signatures {
	if replaced == nil {
		replaced = func(string) bool { return false }
	}
	return &signatures{stock: signature.Stock(), replaced: replaced, proven: make(map[string]provenSignature)}
}

// of returns the signature of one of Salt's own functions.
func (s *signatures) of(fun string) (signature.Signature, bool) {
	sig, ok := s.stock[fun]
	if !ok {
		return sig, false
	}
	module, _, _ := strings.Cut(fun, ".")
	return sig, !s.replaced(module)
}

func (s *signatures) isStock(fun string) bool {
	_, ok := s.of(fun)
	return ok
}

func (s *signatures) takesAll(fun string, kwargs msgpack.Raw) bool {
	s.mu.Lock()
	p, ok := s.proven[fun]
	s.mu.Unlock()
	return ok && time.Now().Before(p.until) && takesAll(p.Signature, kwargs)
}

func (s *signatures) prove(fun string, sig signature.Signature) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.proven) >= maxSignatures {
		clear(s.proven)
	}
	s.proven[fun] = provenSignature{sig, time.Now().Add(signatureLife)}
}

func takesAll(sig signature.Signature, kwargs msgpack.Raw) bool {
	return kwargs.Each(func(k, _ msgpack.Raw) error {
		if name, _ := k.Str(); !sig.Takes(name) {
			return errEnough
		}
		return nil
	}) == nil
}

// take leaves out the keyword arguments that the function does not take.
func (j *runnerJob) take(sig signature.Signature) {
	if takesAll(sig, j.call.Kwarg) {
		return
	}
	var fields []field
	_ = j.call.Kwarg.Each(func(k, v msgpack.Raw) error {
		name, _ := k.Str()
		if sig.Takes(name) {
			fields = append(fields, field{name, v})
		} else {
			j.leftOut = append(j.leftOut, name)
		}
		return nil
	})
	j.call.Kwarg = object(fields)
}

// fitter is a job whose arguments depend on its function's signature.
type fitter interface {
	fit(ctx context.Context, id eauth.Identity, may func(role.Call) bool) (leftOut []string, err error)
}

// fit leaves out what the functions of runners do not take.
func (g *Gateway) fit(ctx context.Context, s Scope, tasks []task) error {
	for _, t := range tasks {
		job, ok := t.job.(fitter)
		if !ok {
			continue
		}
		may := func(c role.Call) bool {
			return g.mayRun(t.id, c) && (s == nil || s.Allows(c).Verdict == role.Allowed)
		}
		var err error
		if t.rec.LeftOut, err = job.fit(ctx, t.id, may); err != nil {
			return err
		}
	}
	return nil
}

// mayRun reports whether the rules surely allow a runner.
func (g *Gateway) mayRun(id eauth.Identity, c role.Call) bool {
	rules, ok := g.rules.(interface {
		Runner(who acl.Who, fun string, args, kwargs any) acl.Verdict
	})
	if !ok {
		return false
	}
	who, ok := WhoIs(id)
	return ok && rules.Runner(who, c.Funs[0].Name, c.Funs[0].Args, acl.Map{}) == acl.Allowed
}

var _ interface {
	Runner(who acl.Who, fun string, args, kwargs any) acl.Verdict
} = (*acl.Rules)(nil)

// fit leaves out the arguments that the function does not take, where that is
// known or the caller may ask the master, and returns their names. Elsewhere
// the master says that they are invalid.
func (j *runnerJob) fit(ctx context.Context, id eauth.Identity, may func(role.Call) bool) (leftOut []string, err error) {
	if j.known || j.call.Kwarg.Len() == 0 || j.signatures.takesAll(j.call.Fun, j.call.Kwarg) {
		return j.leftOut, nil
	}
	asked := role.Call{Client: "runner", Funs: []role.Function{{
		Name: signatureRunner, Args: []any{signatureFunction, j.call.Fun},
	}}}
	if !isFunctionName(j.call.Fun) || !may(asked) {
		return nil, nil
	}
	sig, ok, err := j.askSignature(ctx, id.Grant)
	if err != nil || !ok {
		return nil, ctx.Err()
	}
	j.signatures.prove(j.call.Fun, sig)
	j.take(sig)
	return j.leftOut, nil
}

// The master's own answer to the question, by way of a module for minions.
const (
	signatureRunner   = "salt.cmd"
	signatureFunction = "sys.runner_argspec"
)

// isFunctionName reports whether a text names one function. In others the
// master would find a pattern.
func isFunctionName(fun string) bool {
	return strings.Count(fun, ".") == 1 && !strings.ContainsAny(fun, "*?[] =")
}

func (j *runnerJob) askSignature(ctx context.Context, grant eauth.Grant) (sig signature.Signature, ok bool, err error) {
	ask := &runnerJob{Master: j.Master, call: j.call, timeout: signatureWait}
	ask.call.Fun = signatureRunner
	ask.call.Arg = stringArray([]string{signatureFunction, j.call.Fun})
	ask.call.Kwarg = msgpack.AppendMap(nil, 0)
	data, err := ask.result(ctx, grant, &Record{})
	if err != nil {
		return sig, false, err
	}
	specs, _ := data.Lookup("return")
	spec, ok := specs.Lookup(j.call.Fun)
	if !ok || spec.Kind() != msgpack.Map {
		return sig, false, nil
	}
	args, hasArgs := spec.Lookup("args")
	keywords, hasKeywords := spec.Lookup("kwargs")
	if !hasArgs || !hasKeywords || !args.IsNil() && (args.Kind() != msgpack.Array || !allStrings(args)) {
		return sig, false, nil
	}
	sig.Any = truthy(keywords)
	if !args.IsNil() {
		sig.Args = words(args)
	}
	return sig, true, nil
}
