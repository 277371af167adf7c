package lowstate

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/internal/spool"
)

// run is one call in progress.
type run struct {
	*Gateway
	call    Call
	tasks   []task
	session *eauth.RequestAuth
	result  Result

	authenticated time.Time // when the first chunk's caller was
}

func (g *Gateway) newRun(call Call) *run {
	r := &run{Gateway: g, call: call, tasks: make([]task, len(call.Chunks))}
	if r.call.Spool == nil {
		r.call.Spool = (*spool.Store)(nil).New()
	}
	r.result.Chunks = slices.Clone(call.Chunks)
	r.result.Records = make([]Record, len(call.Chunks))
	for i := range r.tasks {
		r.tasks[i] = task{chunk: &r.result.Chunks[i], rec: &r.result.Records[i], spool: r.call.Spool, note: g.note, origin: call.Origin}
	}
	return r
}

// PanicError is the error of a call that panicked. Its text is for the log: it
// contains Value only if that is a runtime error, since another may hold an
// argument.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string {
	if err, ok := e.Value.(runtime.Error); ok {
		return "panic: " + err.Error()
	}
	return fmt.Sprintf("panic with a %T", e.Value)
}

// caught turns a panic into an error, so that the result shows how far the call
// came: a command may have been published.
func caught(res, soFar *Result, err *error) {
	if p := recover(); p != nil {
		*res, *err = *soFar, &PanicError{Value: p, Stack: debug.Stack()}
		res.Answers = nil
	}
}

// begin authenticates and checks all chunks. If it returns nil, the session has
// to be released.
//
// Callers are authenticated first: no other work is done for a chunk before,
// and the error for an unauthenticated one shows nothing of the master's
// configuration except which clients are enabled, as salt-api's does.
func (r *run) begin(ctx context.Context) (err error) {
	for i := range r.tasks {
		if err := r.admit(i); err != nil {
			return err
		}
	}
	r.session = r.auth.NewRequestAuth()
	if err := r.check(ctx); err != nil {
		r.session.Release(context.WithoutCancel(ctx))
		return failure(err)
	}
	return nil
}

// check authenticates the callers of all chunks, and authorizes all chunks.
func (r *run) check(ctx context.Context) (err error) {
	for i := range r.tasks {
		t := &r.tasks[i]
		if r.call.isKnown(*t.chunk) {
			t.id = *r.call.Authority.Identity
		} else if t.id, err = authenticate(ctx, r.session.Authenticate, t.creds); err != nil {
			return err
		}
		if i == 0 {
			r.authenticated = time.Now()
		}
		if t.checked() {
			t.name()
		}
	}
	if slices.ContainsFunc(r.tasks, func(t task) bool { return !t.checked() }) {
		err = r.prepareUnchecked(ctx, func() error { return authenticateNow(ctx, r.session, r.tasks) })
	} else {
		err = r.prepareAll(ctx)
	}
	if err != nil {
		return err
	}
	if err := r.allow(ctx); err != nil {
		return err
	}
	return r.reserve(ctx)
}

// allow authorizes the prepared jobs. If one is refused, nothing of the call is
// sent to the master.
func (r *run) allow(ctx context.Context) error {
	scope := r.call.Authority.Scope
	for _, check := range []func(*task) error{
		func(t *task) error { return t.applyScope(scope) },
		r.authorize,
		func(t *task) error { return r.fit(ctx, scope, t) },
		r.permit,
	} {
		for i := range r.tasks {
			if err := check(&r.tasks[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// admit reads a chunk's credentials, after the checks that salt-api makes
// before, in the same order.
func (r *run) admit(i int) (err error) {
	t := &r.tasks[i]
	client, err := r.client(i)
	if err != nil {
		return err
	}
	t.rec.Client, t.rec.Known, t.rec.Fun = client.Name(), r.call.isKnown(*t.chunk), t.chunk.functionText()
	if t.creds, err = r.credentials(&r.call, *t.chunk); err != nil {
		return err
	}
	if t.chunk.truthy("raw_shell") && !r.rawShell {
		return &Error{Kind: Unauthenticated, Text: textRawShell}
	}
	return nil
}

// prepareAll decodes and checks all chunks, whose callers are authenticated.
func (r *run) prepareAll(ctx context.Context) error {
	if r.call.Budget == nil {
		r.call.Budget = budget.New(ctx, nil)
	}
	r.call.Budget.Known()
	return r.prepareEach(ctx)
}

// prepareUnchecked is prepareAll for a call in which some callers are
// authenticated by the master, together with the command. They have the budget
// of unauthenticated callers, and the only error they get is that of their
// credentials: if another one is due, or the gateway needs their rights, check
// authenticates them now.
func (r *run) prepareUnchecked(ctx context.Context, check func() error) error {
	if r.call.Budget == nil {
		r.call.Budget = budget.New(ctx, nil)
	}
	err := r.prepareEach(ctx)
	if err == nil && !slices.ContainsFunc(r.tasks, func(t task) bool {
		return !t.checked() && (t.callback != "" || t.job.Command().needsRights())
	}) {
		return nil
	}
	if checkErr := check(); checkErr != nil || err == nil {
		return checkErr
	}
	return r.prepareAll(ctx)
}

func (r *run) prepareEach(ctx context.Context) error {
	for i := range r.tasks {
		t := &r.tasks[i]
		job, err := r.prepare(ctx, t)
		if _, ok := errors.AsType[*Error](err); ok || budget.IsSpent(err) {
			return err
		}
		if err != nil {
			return badChunk(i, err.Error())
		}
		t.job, t.rec.Fun = job, job.Command().Name()
		if err := t.checkCallback(); err != nil {
			return badChunk(i, err.Error())
		}
		if f, ok := job.(fitter); ok {
			t.rec.LeftOut = f.omitted()
		}
	}
	return nil
}

func (r *run) prepare(ctx context.Context, t *task) (Job, error) {
	c, err := t.chunk.readAll(ctx, r.call.Budget)
	if err != nil {
		return nil, err
	}
	c.spool = r.call.Spool
	if r.callbacks != nil {
		if err := t.takeCallback(&c); err != nil {
			return nil, err
		}
	}
	*t.chunk = c
	return r.clients[t.rec.Client].Prepare(c)
}

func (r *run) client(i int) (Client, error) {
	v, ok := r.tasks[i].chunk.present("client")
	if !ok {
		return nil, badChunk(i, "client is missing")
	}
	name, ok := v.Str()
	if !ok {
		return nil, badChunk(i, "client must be a string")
	}
	client, ok := r.clients[name]
	if !ok {
		return nil, badRequest(fmt.Sprintf("Invalid client specified: '%s'", printable(name)))
	}
	enabled := r.enabled
	if r.call.Clients != nil {
		enabled = r.call.Clients
	}
	if !slices.Contains(enabled, name) {
		return nil, badRequest(fmt.Sprintf("Client disabled: '%s'. "+
			"Add to 'netapi_enable_clients' master config option to enable.", name))
	}
	return client, nil
}
