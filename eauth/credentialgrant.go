package eauth

import (
	"context"
	"errors"
	"sync/atomic"
)

// ModuleRights are the functions by which an eauth module itself decides about rights, beside the rules of
// external_auth. A master calls them where a command carries a name and a password, and never where it carries a token.
type ModuleRights struct {
	ACL     bool // acl(), of this module or of eauth_acl_module: it may name other rules
	Process bool // process_acl(): it may change the rules
}

// Any reports whether it says anything.
func (s ModuleRights) Any() bool { return s.ACL || s.Process }

// ErrWrong is returned where credentials that went to the master with a command were wrong. The command was not run.
var ErrWrong = errors.New("the credentials are wrong")

// ErrRights is returned where an eauth module decides about a user's rights at each login, so that no token can act for
// the user without one.
var ErrRights = errors.New("the master's eauth module decides at each login what the user may do")

// A Verdict is what the answer to a command reveals of the credentials that it carried.
type Verdict int

// The verdicts.
const (
	NoVerdict Verdict = iota // nothing: the master did not answer
	Right                    // the master knows the user, even where it refused the command
	Wrong                    // the master does not
	Unclear                  // one of the latter two, for the master says both in the same words
)

// A Carrier sends credentials to the master in a command. It is the guard of the backend for the same credentials, so
// that guesses count wherever they are made.
type Carrier interface {
	// Carry calls send once at most. Its error is send's, or [ErrWrong], or one of this package: then nothing was sent.
	// Its verdict is send's, but never Unclear: then it finds out. send may run on after ctx has ended and Carry has
	// returned.
	Carry(ctx context.Context, c Credentials, send func(ctx context.Context) (Verdict, error)) (Verdict, error)
}

// CredentialGrant is a Grant without a token: the caller's own credentials go with each command, and the master authenticates
// and authorizes the command by them.
type CredentialGrant struct {
	carrier  Carrier
	creds    Credentials
	verified atomic.Bool
}

var _ Grant = (*CredentialGrant)(nil)

// Carry has send carry out one command with the credentials.
func (h *CredentialGrant) Carry(ctx context.Context, send func(ctx context.Context, c Credentials) (Verdict, error)) error {
	v, err := h.carrier.Carry(ctx, h.creds, func(ctx context.Context) (Verdict, error) {
		v, err := send(ctx, h.creds)
		if v != Right && h.verified.Load() {
			// They were right in this very request, so this is no guess: a one-time password, or a module that is
			// unwell.
			v = NoVerdict
		}
		return v, err
	})
	if v == Right {
		h.verified.Store(true)
	}
	return err
}

// Verified reports whether the master has taken the credentials. Until then nobody has checked them.
func (h *CredentialGrant) Verified() bool { return h.verified.Load() }

// Token is [Grant]'s. There is none.
func (*CredentialGrant) Token(context.Context) (string, error) { return "", ErrNoToken }

// Renew is [Grant]'s.
func (*CredentialGrant) Renew(context.Context, string) (string, error) { return "", ErrNoToken }

// Exposed is [Grant]'s.
func (*CredentialGrant) Exposed(string) {}

// Release is [Grant]'s.
func (*CredentialGrant) Release(context.Context) {}

// String and GoString keep the password out of whatever prints an identity.
func (*CredentialGrant) String() string     { return "the caller's own credentials" }
func (h *CredentialGrant) GoString() string { return h.String() }

// moduleRights is what the module of a name moduleRights.
func (a *Authenticator) moduleRights(eauth string) ModuleRights {
	if a.opts.ModuleRights == nil {
		return ModuleRights{}
	}
	return a.opts.ModuleRights(eauth)
}

// defersToMaster reports whether credentials go to the master with the commands, unchecked: the module says who may do what, and
// no token would show it.
func (a *Authenticator) defersToMaster(c Credentials) bool {
	return c.Token == "" && a.eauths[c.Eauth] && a.opts.Carrier != nil && !a.opts.KeepACL && a.moduleRights(c.Eauth).Any()
}

// unchecked is the caller of whom nothing is known yet but what the caller says.
func (a *Authenticator) unchecked(ctx context.Context, c Credentials) (Identity, bool, error) {
	if c.Check() != nil {
		return Identity{}, false, nil
	}
	if ok, err := a.mayAsk(ctx, c); !ok || err != nil {
		return Identity{}, false, err
	}
	return Identity{User: c.Username, Eauth: c.Eauth, RightsUnknown: true, Grant: a.credentialGrant(c)}, true, nil
}

func (a *Authenticator) credentialGrant(c Credentials) *CredentialGrant {
	return &CredentialGrant{carrier: a.opts.Carrier, creds: c}
}

// entitle gives a caller whose credentials the master has checked a grant under which it allows what it allows for the
// credentials themselves. The token of the check is that where no module says anything, or where the token has in it
// what acl() has said (keep_acl_in_token). Where that was nothing, the master takes the token for one without any
// rights; then it takes one that is written without a list, unless there is a process_acl(). Else the credentials go
// with the command.
func (a *Authenticator) entitle(ctx context.Context, c Credentials, id Identity) Identity {
	says, list := a.moduleRights(c.Eauth), string(id.AuthList)
	switch {
	case a.opts.Carrier == nil, list != "" && list != null:
		return id
	case list == null:
		says.ACL = false // it was asked
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

// null is the auth_list in the token of a user of whom acl() has nothing to say, and of every user whose module has no
// acl().
const null = "null"
