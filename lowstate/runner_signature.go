package lowstate

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/lowstate/internal/signature"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// This file removes the keyword arguments that a runner function does not take,
// as salt-api does: clients send a tgt with everything. For a function of the
// operator's own the master is queried, once the scope allows the call with all
// its arguments; the scope then checks the remaining ones again. An error of
// the call itself is no evidence: the function may have run, and its own code
// may have failed for other arguments.

// signatures are the known signatures of runner functions.
type signatures struct {
	stock map[string]signature.Signature

	// replaced reports whether the master may have a module that replaces
	// Salt's own of this name.
	replaced func(module string) bool

	mu    sync.Mutex
	known map[string]knownSignature // by function
}

// knownSignature is the master's reply for a function. It is cached for a while
// only if the function takes the arguments: before an argument is removed, the
// master is always queried.
type knownSignature struct {
	signature.Signature
	until time.Time
}

const (
	signatureLife = 10 * time.Minute
	maxSignatures = 1000

	// signatureWait is how long the master may take to return a signature.
	signatureWait = 20 * time.Second
)

func newSignatures(replaced func(module string) bool) *signatures {
	if replaced == nil {
		replaced = func(string) bool { return false }
	}
	return &signatures{stock: signature.Stock(), replaced: replaced, known: make(map[string]knownSignature)}
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
	p, ok := s.known[fun]
	s.mu.Unlock()
	return ok && time.Now().Before(p.until) && takesAll(p.Signature, kwargs)
}

func (s *signatures) learn(fun string, sig signature.Signature) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) >= maxSignatures {
		clear(s.known)
	}
	s.known[fun] = knownSignature{sig, time.Now().Add(signatureLife)}
}

func takesAll(sig signature.Signature, kwargs msgpack.Raw) bool {
	return kwargs.Each(func(k, _ msgpack.Raw) error {
		if name, _ := k.Str(); !sig.Takes(name) {
			return errEnough
		}
		return nil
	}) == nil
}

// take removes the keyword arguments that the function does not take.
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
	// fit removes the arguments that the function does not take, and reports
	// whether that has changed the command. may reports whether the caller may
	// run another runner.
	fit(ctx context.Context, id eauth.Identity, may func(role.Function) bool) (changed bool, err error)

	// omitted returns the names of the removed arguments.
	omitted() []string
}

// fit removes the arguments that runner functions do not take. The scope allows
// the command of each chunk before, and has to allow it afterwards.
func (g *Gateway) fit(ctx context.Context, s Scope, t *task) error {
	job, ok := t.job.(fitter)
	if !ok {
		return nil
	}
	changed, err := job.fit(ctx, t.id, func(f role.Function) bool {
		call := role.Call{Client: "runner", Funs: []role.Function{f}}
		return g.allowsRunner(t.id, f.Name, f.Args) && (s == nil || s.Allows(call).Verdict == role.Allowed)
	})
	t.rec.LeftOut = job.omitted()
	if err != nil || !changed {
		return err
	}
	return t.applyScope(s)
}

func (j *runnerJob) omitted() []string { return j.leftOut }

// fit queries the master for the signature, if it is not known and the caller
// may run the runner for that. Otherwise the master's reply is that the
// arguments are invalid.
func (j *runnerJob) fit(ctx context.Context, id eauth.Identity, may func(role.Function) bool) (changed bool, err error) {
	if j.known || j.call.Kwarg.Len() == 0 || j.signatures.takesAll(j.call.Fun, j.call.Kwarg) {
		return false, nil
	}
	ask := role.Function{Name: signatureRunner, Args: []any{signatureFunction, j.call.Fun}}
	if !isFunctionName(j.call.Fun) || !may(ask) {
		return false, nil
	}
	sig, ok, err := j.fetchSignature(ctx, id.Grant)
	if err != nil || !ok {
		return false, ctx.Err()
	}
	j.signatures.learn(j.call.Fun, sig)
	j.take(sig)
	return len(j.leftOut) > 0, nil
}

// The query for a signature, which uses a module for minions.
const (
	signatureRunner   = "salt.cmd"
	signatureFunction = "sys.runner_argspec"
)

// isFunctionName reports whether a text names one function. Other texts are
// patterns to the master.
func isFunctionName(fun string) bool {
	return strings.Count(fun, ".") == 1 && !strings.ContainsAny(fun, "*?[] =")
}

func (j *runnerJob) fetchSignature(ctx context.Context, grant eauth.Grant) (sig signature.Signature, ok bool, err error) {
	ask := &runnerJob{Master: j.Master, call: j.call, timeout: signatureWait}
	ask.call.Fun = signatureRunner
	ask.call.Arg = stringArray([]string{signatureFunction, j.call.Fun})
	ask.call.Kwarg = msgpack.AppendMap(nil, 0)
	event, err := ask.result(ctx, grant, &Record{})
	if err != nil {
		return sig, false, err
	}
	data, err := event.Raw()
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
	sig.Any = keywords.Truthy()
	if !args.IsNil() {
		sig.Args = words(args)
	}
	return sig, true, nil
}
