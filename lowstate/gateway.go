package lowstate

import (
	"context"
	"time"

	"github.com/saltern-api/saltern/eauth"
)

// Gateway runs calls. It is safe for concurrent use.
type Gateway struct {
	clients  map[string]Client
	names    []string
	streams  map[string]bool // the clients whose jobs are Streamers
	enabled  []string
	auth     *eauth.Authenticator
	rules    Authorizer
	hashType string
	rawShell bool
	note     func(Note)

	callbacks Callbacks

	permitLife time.Duration // see permitLife
}

// Options of a [Gateway].
type Options struct {
	Clients  []Client
	Enabled  []string // netapi_enable_clients
	Auth     *eauth.Authenticator
	HashType string // hash_type, which determines the length of a token

	// Authorizer authorizes lists of functions, see [Authorizer]. Without one
	// every list is refused.
	Authorizer Authorizer

	AllowRawShell bool // netapi_allow_raw_shell: the client ssh may run any command

	// Note is called for each job that was sent to the master, as soon as it was, and
	// before that where its jid is known; not for a jid that the caller chose, which
	// may be another job's. It must not block, and may be nil.
	Note func(Note)

	// Callbacks makes callback a key of chunks. With nil it is none.
	Callbacks Callbacks
}

// Note is what no event says of a job.
type Note struct {
	JID         string
	User, Eauth string // who has started it, and the eauth module that vouches for that
	Client      string
	Fun         string // as events name it; "" for several
	Origin      Origin // of the call

	// Sent is set once the master has the job. Before that, it may refuse it.
	Sent bool
}

// New returns a gateway with the given clients.
func New(o Options) *Gateway {
	g := &Gateway{
		clients: make(map[string]Client), streams: make(map[string]bool),
		enabled: o.Enabled, auth: o.Auth, rules: o.Authorizer, hashType: o.HashType, rawShell: o.AllowRawShell,
		note: o.Note, callbacks: o.Callbacks, permitLife: permitLife,
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

// Run runs a call. All chunks are checked and authenticated before the first
// one runs, except for callers whose credentials are sent to the master with
// their chunk; from then on the first failure ends the call, and the chunks
// before it have run. Errors are *Error, *PanicError, or the context's own if
// the client gave up. The call is not modified.
func (g *Gateway) Run(ctx context.Context, call Call) (res Result, err error) {
	r := g.newRun(call)
	defer caught(&res, &r.result, &err)
	if err := r.begin(ctx); err != nil {
		return r.result, err
	}
	defer r.session.Release(context.WithoutCancel(ctx))
	defer r.dropPromises(ctx)
	r.result.Answers, err = runAll(ctx, r.tasks)
	return r.result, err
}

// RunStream is Run for a call whose answers are sent as they come. After the
// first yield no error can change the response's status any more: it is called
// when only the last chunk is left to run, and that one has an item. A later
// error truncates the response. yield is given the result so far beside each
// answer; its own error ends the call and is returned unchanged.
func (g *Gateway) RunStream(
	ctx context.Context, call Call, yield func(soFar Result, item Answer) error,
) (res Result, err error) {
	r := g.newRun(call)
	defer caught(&res, &r.result, &err)
	if err := r.begin(ctx); err != nil {
		return r.result, err
	}
	defer r.session.Release(context.WithoutCancel(ctx))
	defer r.dropPromises(ctx)
	return r.result, r.stream(ctx, func(item Answer) error { return yield(r.result, item) })
}

// Streams reports whether RunStream would yield some of a call's answers
// earlier than Run could return them.
func (g *Gateway) Streams(call Call) bool {
	n := len(call.Chunks)
	if n == 0 {
		return false
	}
	name, _ := call.Chunks[n-1].Text("client")
	return g.streams[name]
}
