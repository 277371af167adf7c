package lowstate

import (
	"context"
	"fmt"
	"strings"

	"github.com/saltern-api/saltern/eauth"
)

// Authority is the authentication of a request outside of its chunks. It
// overrides the credentials of every chunk, unless the call has ChunkFirst. Its
// zero value is that of a request whose chunks have credentials of their own.
type Authority struct {
	// Token is the Salt token of a session, or "".
	Token string

	// Identity is the caller, if already authenticated: the owner of an API
	// token. Token is then ignored. The identity's grant is released by the
	// creator of the Authority.
	Identity *eauth.Identity

	// Scope limits what the caller may do with this authority; nil is no limit.
	Scope Scope
}

// credentials returns those of the request's session, or the chunk's own. A
// token takes precedence over a password, as in salt-api. Malformed credentials
// get the same error as wrong ones, and are not checked further.
func (g *Gateway) credentials(call *Call, c Chunk) (eauth.Credentials, error) {
	creds := eauth.Credentials{RemoteAddr: call.RemoteAddr}
	if call.isKnown(c) {
		return creds, nil
	}
	if call.Authority.Token != "" && (!call.ChunkFirst || !c.HasCredentials()) {
		if !eauth.WellFormedToken(call.Authority.Token, g.hashType) {
			return creds, ErrUnauthenticated
		}
		creds.Token = call.Authority.Token
		return creds, nil
	}
	if v, ok := c.Get("token"); ok {
		token, isText := text(v)
		if !isText || !eauth.WellFormedToken(token, g.hashType) || isNumber(token) {
			return creds, ErrUnauthenticated
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
		return creds, ErrUnauthenticated
	}
	return creds, nil
}

// isKnown reports whether the request's Identity is the caller of a chunk. One
// without a user is nobody's.
func (call *Call) isKnown(c Chunk) bool {
	id := call.Authority.Identity
	return id != nil && id.User != "" && (!call.ChunkFirst || !c.HasCredentials())
}

// ErrUnauthenticated is the error for invalid credentials, whatever the reason.
var ErrUnauthenticated = &Error{Kind: Unauthenticated, Text: textUnauthenticated}

// authenticate returns the caller of a chunk.
func authenticate(
	ctx context.Context, ask func(context.Context, eauth.Credentials) (eauth.Identity, bool, error), c eauth.Credentials,
) (eauth.Identity, error) {
	id, ok, err := ask(ctx, c)
	if err != nil {
		return eauth.Identity{}, fmt.Errorf("authenticate: %w", err)
	}
	if !ok {
		return eauth.Identity{}, ErrUnauthenticated
	}
	return id, nil
}

// authenticateNow authenticates the callers whose credentials would otherwise
// be checked by the master, together with the command.
func authenticateNow(ctx context.Context, s *eauth.RequestAuth, tasks []task) error {
	for i := range tasks {
		t := &tasks[i]
		if t.checked() {
			continue
		}
		id, err := authenticate(ctx, s.AuthenticateNow, t.creds)
		if err != nil {
			return err
		}
		t.id = id
		t.name()
	}
	return nil
}

// isNumber reports whether a token was sent as a number: one that needs more
// than 64 bits was converted to text when decoded. A real token consists of
// decimal digits alone once in 10^13.
func isNumber(token string) bool { return strings.Trim(token, "0123456789") == "" }
