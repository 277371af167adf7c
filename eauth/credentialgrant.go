package eauth

import (
	"context"
	"errors"
	"sync/atomic"
)

// ModuleRights are the functions by which an eauth module decides about rights itself, in addition to the rules of
// external_auth. A master calls them for a command that carries a name and a password, and never for one that carries a
// token.
type ModuleRights struct {
	ACL     bool // acl(), of this module or of eauth_acl_module: it may return other rules
	Process bool // process_acl(): it may change the rules
}

// Any reports whether the module decides about rights at all.
func (s ModuleRights) Any() bool { return s.ACL || s.Process }

// ErrWrong is returned when credentials that went to the master with a command were wrong. The command was not run.
var ErrWrong = errors.New("the credentials are wrong")

// ErrRights is returned where an eauth module decides about a user's rights at each login, so that no token can act for
// the user without a login.
var ErrRights = errors.New("the master's eauth module decides at each login what the user may do")

// A Verdict is what the response to a command reveals about the credentials that it carried.
type Verdict int

// The verdicts.
const (
	NoVerdict Verdict = iota // nothing: the master did not answer
	Right                    // the credentials are right, even where the master refused the command
	Wrong                    // the credentials are wrong
	Unclear                  // Right or Wrong: the master's response is the same for both
)

// A Carrier sends credentials to the master in a command. It is the guard of the backend for the same credentials, so
// that guesses count wherever they are made.
type Carrier interface {
	// Carry calls send once at most. It returns send's error, or [ErrWrong], or another error of this package if
	// nothing was sent. Its verdict is send's, but never Unclear: Carry checks the credentials itself then. send may
	// still run after ctx has ended and Carry has returned.
	Carry(ctx context.Context, c Credentials, send func(ctx context.Context) (Verdict, error)) (Verdict, error)
}

// CredentialGrant is a Grant without a token: the caller's own credentials go with each command, and the master
// authenticates and authorizes the command by them.
type CredentialGrant struct {
	carrier  Carrier
	creds    Credentials
	verified atomic.Bool
}

var _ Grant = (*CredentialGrant)(nil)

// Carry calls send, which carries out one command with the credentials.
func (h *CredentialGrant) Carry(ctx context.Context, send func(ctx context.Context, c Credentials) (Verdict, error)) error {
	v, err := h.carrier.Carry(ctx, h.creds, func(ctx context.Context) (Verdict, error) {
		v, err := send(ctx, h.creds)
		if v != Right && h.verified.Load() {
			// The credentials were right earlier in this request, so this is no guess: it is a one-time password, or a
			// failure of the module.
			v = NoVerdict
		}
		return v, err
	})
	if v == Right {
		h.verified.Store(true)
	}
	return err
}

// Verified reports whether the master has accepted the credentials. Before that they are unchecked.
func (h *CredentialGrant) Verified() bool { return h.verified.Load() }

// Token implements [Grant]. There is no token.
func (*CredentialGrant) Token(context.Context) (string, error) { return "", ErrNoToken }

// Renew implements [Grant].
func (*CredentialGrant) Renew(context.Context, string) (string, error) { return "", ErrNoToken }

// Exposed implements [Grant].
func (*CredentialGrant) Exposed(string) {}

// Release implements [Grant].
func (*CredentialGrant) Release(context.Context) {}

// String keeps the password out of a printed identity.
func (*CredentialGrant) String() string { return "the caller's own credentials" }

// GoString does the same for %#v.
func (h *CredentialGrant) GoString() string { return h.String() }

// moduleRights returns the rights functions of the eauth module with this name.
func (a *Authenticator) moduleRights(eauth string) ModuleRights {
	if a.opts.ModuleRights == nil {
		return ModuleRights{}
	}
	return a.opts.ModuleRights(eauth)
}

// defersToMaster reports whether credentials go to the master with the commands, unchecked: the module itself decides
// what a user may do, and a token would not reflect that.
func (a *Authenticator) defersToMaster(c Credentials) bool {
	return c.Token == "" && a.eauths[c.Eauth] && a.opts.Carrier != nil && !a.opts.KeepACL && a.moduleRights(c.Eauth).Any()
}

// unchecked returns the identity that the caller claims. Nothing of it is verified yet.
func (a *Authenticator) unchecked(ctx context.Context, c Credentials) (Identity, bool, error) {
	if c.Check() != nil {
		return Identity{}, false, nil
	}
	if ok, err := a.mayForward(ctx, c); !ok || err != nil {
		return Identity{}, false, err
	}
	return Identity{User: c.Username, Eauth: c.Eauth, RightsUnknown: true, Grant: a.credentialGrant(c)}, true, nil
}

func (a *Authenticator) credentialGrant(c Credentials) *CredentialGrant {
	return &CredentialGrant{carrier: a.opts.Carrier, creds: c}
}

// entitle gives a caller whose credentials the master has checked a grant that allows exactly what the credentials
// themselves allow. That is the token of the check, where the module has no rights functions or the token contains the
// result of acl() (keep_acl_in_token). If acl() returned nothing, the master treats the token as one without any
// rights; a token written without auth_list is used then, unless the module has a process_acl(). Otherwise the
// credentials go with the command.
func (a *Authenticator) entitle(ctx context.Context, c Credentials, id Identity) Identity {
	says, list := a.moduleRights(c.Eauth), string(id.AuthList)
	switch {
	case a.opts.Carrier == nil, list != "" && list != null:
		return id
	case list == null:
		says.ACL = false // acl() was called and returned nothing
	case !says.Any():
		return id
	}
	id.AuthList, id.RightsUnknown = nil, says.Any()
	made, own := id.Grant, a.credentialGrant(c)
	own.verified.Store(true)
	id.Grant = own
	if !says.Any() && a.opts.Mint != nil {
		if g, err := a.opts.Mint.Grant(ctx, id.User, c.Eauth, id.Groups); err == nil {
			id.Grant = g
		}
	}
	made.Release(ctx)
	return id
}

// null is the auth_list in the token of a user for whom acl() returned nothing, and of every user whose module has no
// acl().
const null = "null"
