package lowstate

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// run is one call on its way.
type run struct {
	*Gateway
	call    Call
	tasks   []task
	session *eauth.RequestAuth
	result  Result
}

// task is one chunk of a run. chunk and rec are in the run's result.
type task struct {
	chunk *Chunk
	creds eauth.Credentials
	job   Job
	id    eauth.Identity
	rec   *Record
}

func (g *Gateway) newRun(call Call) *run {
	r := &run{Gateway: g, call: call, tasks: make([]task, len(call.Chunks))}
	r.result.Chunks = slices.Clone(call.Chunks)
	r.result.Records = make([]Record, len(call.Chunks))
	for i := range r.tasks {
		r.tasks[i].chunk, r.tasks[i].rec = &r.result.Chunks[i], &r.result.Records[i]
	}
	return r
}

// checked reports whether it has been checked who the chunk's caller is.
func (t task) checked() bool {
	h, ok := t.id.Grant.(*eauth.CredentialGrant)
	return !ok || h.Verified()
}

// name notes the caller.
func (t task) name() { t.rec.User, t.rec.Eauth = t.id.User, t.id.Eauth }

// begin notes that the chunk has begun, in the name of the caller that it
// claims.
func (t task) begin() {
	t.name()
	t.rec.Begun = true
}

// end notes what came of the chunk. A caller that the master has not confirmed
// by then is none.
func (t task) end(err error) {
	t.rec.Done = err == nil
	if !t.checked() {
		t.rec.User, t.rec.Eauth = "", ""
	}
}

// PanicError is the error of a call that panicked. Its text is for the log: it
// quotes no Value but the runtime's own, since another may hold an argument.
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

// caught turns a panic into an error, so that the result has what the call did
// before it: a command may have been published.
func caught(res, soFar *Result, err *error) {
	if p := recover(); p != nil {
		*res, *err = *soFar, &PanicError{Value: p, Stack: debug.Stack()}
		res.Answers = nil
	}
}

// begin authenticates and checks all chunks. After nil the session is to be
// released.
//
// Who sends a chunk is found out first: what else is in it costs nothing
// before, and nothing that the master's configuration has to do with is told
// to strangers, but which clients are enabled, as by salt-api.
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

// check finds out who sends each chunk, and whether all may run.
func (r *run) check(ctx context.Context) (err error) {
	for i := range r.tasks {
		t := &r.tasks[i]
		if r.call.isKnown(*t.chunk) {
			t.id = *r.call.Authority.Identity
		} else if t.id, err = authenticate(ctx, r.session.Authenticate, t.creds); err != nil {
			return err
		}
		if t.checked() {
			t.name()
		}
	}
	if slices.ContainsFunc(r.tasks, func(t task) bool { return !t.checked() }) {
		err = r.prepareUnchecked(ctx, func() error { return checkNow(ctx, r.session, r.tasks) })
	} else {
		err = r.prepareAll(ctx)
	}
	if err != nil {
		return err
	}
	return r.allow(ctx)
}

// allow decides whether the prepared jobs may run. Nothing is asked of the
// master for a call of which a part is refused.
func (r *run) allow(ctx context.Context) error {
	scope := r.call.Authority.Scope
	for _, check := range []func(*task) error{
		func(t *task) error { return t.applyScope(scope) },
		r.authorize,
		func(t *task) error { return r.fit(ctx, scope, t) },
	} {
		for i := range r.tasks {
			if err := check(&r.tasks[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// admit notes a chunk's credentials, after what salt-api looks at before
// these and in its order.
func (r *run) admit(i int) (err error) {
	t := &r.tasks[i]
	client, err := r.client(i)
	if err != nil {
		return err
	}
	t.rec.Client, t.rec.Known, t.rec.Fun = client.Name(), r.call.isKnown(*t.chunk), t.chunk.askedFun()
	if t.creds, err = r.credentials(&r.call, *t.chunk); err != nil {
		return err
	}
	if t.chunk.truthy("raw_shell") && !r.rawShell {
		return &Error{Kind: Unauthenticated, Text: textRawShell}
	}
	return nil
}

// prepareAll reads and checks all of the chunks, whose senders are known.
func (r *run) prepareAll(ctx context.Context) error {
	if r.call.Budget == nil {
		r.call.Budget = budget.New(ctx, nil)
	}
	r.call.Budget.Known()
	return r.prepareEach(ctx)
}

// prepareUnchecked is prepareAll where some of the senders are checked with
// their chunk. They have the budget of strangers, and are told of nothing that
// is wrong but their credentials: where there is more to do, or the gateway has
// to know their rights, check finds out who they are.
func (r *run) prepareUnchecked(ctx context.Context, check func() error) error {
	if r.call.Budget == nil {
		r.call.Budget = budget.New(ctx, nil)
	}
	err := r.prepareEach(ctx)
	if err == nil && !slices.ContainsFunc(r.tasks, func(t task) bool { return !t.checked() && t.job.Command().needsRights() }) {
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
		if f, ok := job.(fitter); ok {
			t.rec.LeftOut = f.omitted()
		}
	}
	return nil
}

func (r *run) prepare(ctx context.Context, t *task) (Job, error) {
	c, err := t.chunk.whole(ctx, r.call.Budget)
	if err != nil {
		return nil, err
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

// stream runs all chunks and yields their answers: those before the last when
// that one has something to say.
func (r *run) stream(ctx context.Context, yield func(item Answer) error) error {
	last := max(0, len(r.tasks)-1)
	before, err := runAll(ctx, r.tasks[:last])
	if err != nil {
		return err
	}
	out := &outlet{before: before, yield: yield}
	for _, t := range r.tasks[last:] {
		if err := t.run(ctx, out.put); err != nil {
			return out.failure(err)
		}
	}
	return out.flush()
}

// text is Str for values that must be text, not bytes.
func text(v msgpack.Raw) (string, bool) {
	if v.Kind() != msgpack.Str {
		return "", false
	}
	return v.Str()
}

// printable bounds a name that a client chose, before it goes back to it.
func printable(name string) string {
	const most = 64
	if r := []rune(name); len(r) > most {
		return string(r[:most]) + "..."
	}
	return name
}
