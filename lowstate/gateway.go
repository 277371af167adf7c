package lowstate

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"saltern/eauth"
	"saltern/saltmaster/msgpack"
)

// Gateway runs calls. It is safe for many goroutines at once.
type Gateway struct {
	clients  map[string]Client
	names    []string
	enabled  []string
	auth     *eauth.Authenticator
	hashType string
}

// Options of a [Gateway].
type Options struct {
	Clients  []Client
	Enabled  []string // netapi_enable_clients
	Auth     *eauth.Authenticator
	HashType string // hash_type, which says how long a token is
}

// New returns a gateway to the given clients.
func New(o Options) *Gateway {
	g := &Gateway{clients: make(map[string]Client), enabled: o.Enabled, auth: o.Auth, hashType: o.HashType}
	for _, c := range o.Clients {
		g.clients[c.Name()] = c
		g.names = append(g.names, c.Name())
	}
	return g
}

// Clients returns the names of the known clients.
func (g *Gateway) Clients() []string { return g.names }

// Run carries out a call and returns one JSON text per chunk, in order. All
// chunks are checked and authenticated before the first one runs; from then
// on the first failure ends the call, and the chunks before it have run.
// Errors are *Error, or the context's own when the caller gave up.
func (g *Gateway) Run(ctx context.Context, call *Call) ([][]byte, error) {
	call.Records = make([]Record, len(call.Chunks))
	jobs := make([]Job, len(call.Chunks))
	creds := make([]eauth.Credentials, len(call.Chunks))
	for i, c := range call.Chunks {
		var err error
		if jobs[i], creds[i], err = g.prepare(c, i, &call.Records[i], call.RemoteAddr); err != nil {
			return nil, err
		}
	}

	session := g.auth.NewSession()
	defer session.Release(context.WithoutCancel(ctx))
	ids := make([]eauth.Identity, len(jobs))
	for i := range jobs {
		var err error
		if ids[i], err = authenticate(ctx, session, creds[i]); err != nil {
			return nil, failure(err)
		}
		call.Records[i].User, call.Records[i].Eauth = ids[i].User, ids[i].Eauth
	}

	answers := make([][]byte, len(jobs))
	for i, job := range jobs {
		var err error
		if answers[i], err = job.Run(ctx, ids[i].Grant, &call.Records[i]); err != nil {
			return nil, failure(err)
		}
	}
	return answers, nil
}

// prepare checks one chunk, in the order in which salt-api does.
func (g *Gateway) prepare(c Chunk, i int, rec *Record, remote netip.Addr) (Job, eauth.Credentials, error) {
	client, err := g.client(c, i)
	if err != nil {
		return nil, eauth.Credentials{}, err
	}
	rec.Client = client.Name()
	creds, err := g.credentials(c, remote)
	if err != nil {
		return nil, eauth.Credentials{}, err
	}
	if c.truthy("raw_shell") {
		return nil, eauth.Credentials{}, &Error{Kind: Unauthenticated, Text: textRawShell}
	}
	job, err := client.Prepare(c)
	if err != nil {
		return nil, eauth.Credentials{}, badChunk(i, err.Error())
	}
	rec.Fun = job.Fun()
	return job, creds, nil
}

func (g *Gateway) client(c Chunk, i int) (Client, error) {
	v, ok := c.present("client")
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
	if !slices.Contains(g.enabled, name) {
		return nil, badRequest(fmt.Sprintf("Client disabled: '%s'. "+
			"Add to 'netapi_enable_clients' master config option to enable.", name))
	}
	return client, nil
}

// credentials takes from a chunk what it says of its caller. A token wins
// over a password, as in salt-api. Whatever has not the form of credentials
// gets the same answer as wrong ones, and goes no further.
func (g *Gateway) credentials(c Chunk, remote netip.Addr) (eauth.Credentials, error) {
	creds := eauth.Credentials{RemoteAddr: remote}
	if v, ok := c.Get("token"); ok {
		token, isText := text(v)
		if !isText || !eauth.WellFormedToken(token, g.hashType) || isNumber(token) {
			return creds, errUnauthenticated
		}
		creds.Token = token
		return creds, nil
	}
	if _, ok := c.Get("eauth"); !ok {
		return creds, &Error{Kind: Unauthenticated, Text: textNoCredentials}
	}
	var ok [3]bool
	creds.Eauth, ok[0] = c.stringOr("eauth", "")
	creds.Username, ok[1] = c.stringOr("username", "")
	creds.Password, ok[2] = c.stringOr("password", "")
	if !ok[0] || !ok[1] || !ok[2] {
		return creds, errUnauthenticated
	}
	return creds, nil
}

var errUnauthenticated = &Error{Kind: Unauthenticated, Text: textUnauthenticated}

func authenticate(ctx context.Context, s *eauth.Session, c eauth.Credentials) (eauth.Identity, error) {
	id, ok, err := s.Authenticate(ctx, c)
	if err != nil {
		return eauth.Identity{}, fmt.Errorf("authenticate: %w", err)
	}
	if !ok {
		return eauth.Identity{}, errUnauthenticated
	}
	return id, nil
}

// isNumber finds tokens that were written as a number: one that needs more
// than 64 bits has become text on its way. No real token is of decimal digits
// alone, but once in 10^13.
func isNumber(token string) bool { return strings.Trim(token, "0123456789") == "" }

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
