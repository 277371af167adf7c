package lowstate

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Gateway runs calls. It is safe for many goroutines at once.
type Gateway struct {
	clients  map[string]Client
	names    []string
	streams  map[string]bool // the clients whose jobs are Streamers
	enabled  []string
	auth     *eauth.Authenticator
	rules    Authorizer
	hashType string
	rawShell bool
}

// Options of a [Gateway].
type Options struct {
	Clients  []Client
	Enabled  []string // netapi_enable_clients
	Auth     *eauth.Authenticator
	HashType string // hash_type, which says how long a token is

	// Authorizer tells who may have a list of functions run. Without one
	// every list is refused.
	Authorizer Authorizer

	AllowRawShell bool // netapi_allow_raw_shell: the client ssh may run any command
}

// New returns a gateway to the given clients.
func New(o Options) *Gateway {
	g := &Gateway{
		clients: make(map[string]Client), streams: make(map[string]bool),
		enabled: o.Enabled, auth: o.Auth, rules: o.Authorizer, hashType: o.HashType, rawShell: o.AllowRawShell,
	}
	for _, c := range o.Clients {
		g.clients[c.Name()] = c
		g.names = append(g.names, c.Name())
		if s, ok := c.(interface{ Streams() bool }); ok {
			g.streams[c.Name()] = s.Streams()
		}
	}
	return g
}

// Clients returns the names of the known clients.
func (g *Gateway) Clients() []string { return g.names }

// Run carries out a call and returns the JSON texts of its answers, in order:
// one per chunk, or as many as a [Streamer] has. All chunks are checked and
// authenticated before the first one runs, but for callers whose credentials go
// to the master with their chunk; from then on the first failure ends the call,
// and the chunks before it have run. Errors are *Error, or the
// context's own when the caller gave up.
func (g *Gateway) Run(ctx context.Context, call *Call) ([][]byte, error) {
	tasks, session, err := g.begin(ctx, call)
	if err != nil {
		return nil, err
	}
	defer session.Release(context.WithoutCancel(ctx))
	return runAll(ctx, tasks)
}

// RunStream is Run for a call whose answers are to go out as they come. The
// first yield says that no error can change the answer's status any more: it
// comes when only the last chunk is left to run, and that one has something
// to say. An error after it cuts the answer short. yield's own error ends the
// call and is returned as it is.
func (g *Gateway) RunStream(ctx context.Context, call *Call, yield func(item []byte) error) error {
	tasks, session, err := g.begin(ctx, call)
	if err != nil {
		return err
	}
	defer session.Release(context.WithoutCancel(ctx))
	last := max(0, len(tasks)-1)
	before, err := runAll(ctx, tasks[:last])
	if err != nil {
		return err
	}
	out := &outlet{before: before, yield: yield}
	for _, t := range tasks[last:] {
		if err := t.run(ctx, out.put); err != nil {
			return out.failure(err)
		}
	}
	return out.flush()
}

// Streams reports whether RunStream would yield some of a call's answers
// earlier than Run could return them.
func (g *Gateway) Streams(call *Call) bool {
	n := len(call.Chunks)
	if n == 0 {
		return false
	}
	name, _ := call.Chunks[n-1].Text("client")
	return g.streams[name]
}

// task is a chunk that is about to run.
type task struct {
	job Job
	id  eauth.Identity
	rec *Record
}

// begin authenticates and checks all chunks. The caller releases the session.
//
// Who sends a chunk is found out first: what else is in it costs nothing
// before, and nothing that the master's configuration has to do with is told
// to strangers, but which clients are enabled, as by salt-api.
func (g *Gateway) begin(ctx context.Context, call *Call) (_ []task, _ *eauth.RequestAuth, err error) {
	call.Records = make([]Record, len(call.Chunks))
	tasks := make([]task, len(call.Chunks))
	creds := make([]eauth.Credentials, len(call.Chunks))
	for i := range call.Chunks {
		tasks[i].rec = &call.Records[i]
		if creds[i], err = g.admit(call, i); err != nil {
			return nil, nil, err
		}
	}
	session := g.auth.NewRequestAuth()
	for i := range tasks {
		t := &tasks[i]
		if call.isKnown(call.Chunks[i]) {
			t.id = *call.Identity
		} else if t.id, err = authenticate(ctx, session.Authenticate, creds[i]); err != nil {
			break
		}
		if t.checked() {
			t.name()
		}
	}
	switch {
	case err != nil:
	case slices.ContainsFunc(tasks, func(t task) bool { return !t.checked() }):
		err = g.prepareUnchecked(ctx, call, tasks, func() error { return checkNow(ctx, session, tasks, creds) })
	default:
		err = g.prepareAll(ctx, call, tasks)
	}
	if err == nil {
		err = g.fit(ctx, call, tasks)
	}
	if err == nil {
		err = confine(call.Scope, call, tasks)
	}
	if err == nil {
		err = g.authorize(tasks)
	}
	if err != nil {
		session.Release(context.WithoutCancel(ctx))
		return nil, nil, failure(err)
	}
	return tasks, session, nil
}

// admit returns a chunk's credentials, after what salt-api looks at before
// these and in its order.
func (g *Gateway) admit(call *Call, i int) (eauth.Credentials, error) {
	c, rec := call.Chunks[i], &call.Records[i]
	client, err := g.client(call, i)
	if err != nil {
		return eauth.Credentials{}, err
	}
	rec.Client, rec.Known, rec.Fun = client.Name(), call.isKnown(c), c.askedFun()
	creds, err := g.credentials(call, c)
	if err != nil {
		return eauth.Credentials{}, err
	}
	if c.truthy("raw_shell") && !g.rawShell {
		return eauth.Credentials{}, &Error{Kind: Unauthenticated, Text: textRawShell}
	}
	return creds, nil
}

// prepareAll reads and checks all of the chunks, whose senders are known.
func (g *Gateway) prepareAll(ctx context.Context, call *Call, tasks []task) error {
	if call.Budget == nil {
		call.Budget = budget.New(ctx, nil)
	}
	call.Budget.Known()
	return g.prepareEach(ctx, call, tasks)
}

// prepareUnchecked is prepareAll where some of the senders are checked with
// their chunk. They have the budget of strangers, and are told of nothing that
// is wrong but their credentials: where there is more to do, or the gateway has
// to know their rights, check finds out who they are.
func (g *Gateway) prepareUnchecked(ctx context.Context, call *Call, tasks []task, check func() error) error {
	if call.Budget == nil {
		call.Budget = budget.New(ctx, nil)
	}
	err := g.prepareEach(ctx, call, tasks)
	if err == nil && !slices.ContainsFunc(tasks, func(t task) bool { return !t.checked() && needsRights(t.job) }) {
		return nil
	}
	if checkErr := check(); checkErr != nil || err == nil {
		return checkErr
	}
	return g.prepareAll(ctx, call, tasks)
}

func (g *Gateway) prepareEach(ctx context.Context, call *Call, tasks []task) error {
	for i := range tasks {
		job, err := g.prepare(ctx, call, i)
		if _, ok := errors.AsType[*Error](err); ok || budget.IsSpent(err) {
			return err
		}
		if err != nil {
			return badChunk(i, err.Error())
		}
		tasks[i].job, tasks[i].rec.Fun = job, job.Fun()
	}
	return nil
}

func (g *Gateway) prepare(ctx context.Context, call *Call, i int) (Job, error) {
	c, err := call.Chunks[i].whole(ctx, call.Budget)
	if err != nil {
		return nil, err
	}
	call.Chunks[i] = c
	return g.clients[call.Records[i].Client].Prepare(c)
}

func (g *Gateway) client(call *Call, i int) (Client, error) {
	v, ok := call.Chunks[i].present("client")
	if !ok {
		return nil, badChunk(i, "client is missing")
	}
	name, ok := v.Str()
	if !ok {
		return nil, badChunk(i, "client must be a string")
	}
	client, ok := g.clients[name]
	if !ok {
		return nil, badRequest(fmt.Sprintf("Invalid client specified: '%s'", printable(name)))
	}
	enabled := g.enabled
	if call.Clients != nil {
		enabled = call.Clients
	}
	if !slices.Contains(enabled, name) {
		return nil, badRequest(fmt.Sprintf("Client disabled: '%s'. "+
			"Add to 'netapi_enable_clients' master config option to enable.", name))
	}
	return client, nil
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
