package eauth

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/saltern-api/saltern/internal/pause"
)

// pamName is Salt's eauth module that the gateway can replace.
const pamName = "pam"

// Options set up an [Authenticator].
type Options struct {
	// Eauths are the names under the master's external_auth. Every other name
	// is refused without a backend being called, as the master would refuse it.
	Eauths []string

	// HashType is the master's hash_type, which determines the length of a
	// token.
	HashType string

	Token  Backend // checks Salt tokens
	Master Backend // checks every eauth module of the master

	// PAM checks eauth pam in this process. nil where that is not possible; the
	// master checks it then.
	PAM Backend

	// PAMUsable reports whether the master accepts the tokens that PAM grants.
	// While it returns false or an error, the master checks eauth pam itself.
	// nil means true.
	PAMUsable func(ctx context.Context) (bool, error)

	// PAMAllowed reports whether credentials may be sent to the master where it
	// checks eauth pam; all others are refused. nil allows everybody.
	PAMAllowed func(ctx context.Context, c Credentials) (bool, error)

	// ModuleRights returns which functions of an eauth module decide about
	// rights; nil means none. KeepACL is keep_acl_in_token. Carrier sends
	// credentials to the master with a command, where only that applies the
	// master's own rights; without it a token is always used. Mint, which may
	// be nil, writes tokens that avoid some of these authentications.
	ModuleRights func(eauth string) ModuleRights
	KeepACL      bool
	Carrier      Carrier
	Mint         interface {
		Grant(ctx context.Context, user, eauth string, groups []string) (Grant, error)
	}

	// UnknownDelay is how long the refusal of a name that is not in Eauths
	// takes: as long as that of a wrong password, so that the time does not
	// reveal which modules exist.
	UnknownDelay time.Duration

	// Logger receives a message when the route of eauth pam changes. nil
	// discards.
	Logger *slog.Logger
}

// An Authenticator picks the backend for a chunk's credentials. It is used
// through one [RequestAuth] per request.
type Authenticator struct {
	opts     Options
	eauths   map[string]bool
	denied   func(ctx context.Context, token string) (bool, error) // nil when no token is denied
	log      *slog.Logger
	pamRoute atomic.Int32 // the last route of eauth pam that was logged
}

// The routes of eauth pam; 0 means that none was logged yet.
const (
	routePAM int32 = iota + 1
	routeMaster
)

// New returns an authenticator. Options.Token and Options.Master are required.
func New(o Options) *Authenticator {
	a := &Authenticator{opts: o, eauths: make(map[string]bool, len(o.Eauths)), log: o.Logger}
	for _, name := range o.Eauths {
		a.eauths[name] = true
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	return a
}

// authenticate calls the one backend that is responsible for c.
func (a *Authenticator) authenticate(ctx context.Context, c Credentials) (Identity, bool, error) {
	id, _, ok, err := a.check(ctx, c)
	return id, ok, err
}

// entitled is authenticate, but returns a grant for commands.
func (a *Authenticator) entitled(ctx context.Context, c Credentials) (Identity, bool, error) {
	id, byMaster, ok, err := a.check(ctx, c)
	if ok && byMaster && err == nil {
		id = a.entitle(ctx, c, id)
	}
	return id, ok, err
}

// check calls the one backend that is responsible for c. byMaster reports
// whether that was the master's backend for passwords.
func (a *Authenticator) check(ctx context.Context, c Credentials) (id Identity, byMaster, ok bool, err error) {
	if c.Check() != nil {
		return Identity{}, false, false, nil
	}
	if c.Token != "" {
		id, ok, err = a.byToken(ctx, c)
		return id, false, ok, err
	}
	if !a.eauths[c.Eauth] {
		return Identity{}, false, false, pause.For(ctx, a.opts.UnknownDelay)
	}
	if a.checksPAM(ctx, c.Eauth) {
		id, ok, err = a.opts.PAM.Authenticate(ctx, c)
		return id, false, ok, err
	}
	if ok, err = a.mayForward(ctx, c); !ok || err != nil {
		return Identity{}, false, false, err
	}
	id, ok, err = a.opts.Master.Authenticate(ctx, c)
	return id, true, ok, err
}

// mayForward reports whether credentials may be sent to the master at all.
func (a *Authenticator) mayForward(ctx context.Context, c Credentials) (bool, error) {
	if c.Eauth != pamName || a.opts.PAMAllowed == nil {
		return true, nil
	}
	ok, err := a.opts.PAMAllowed(ctx, c)
	if !ok && err == nil {
		err = pause.For(ctx, a.opts.UnknownDelay)
	}
	return ok, err
}

func (a *Authenticator) byToken(ctx context.Context, c Credentials) (Identity, bool, error) {
	if !WellFormedToken(c.Token, a.opts.HashType) {
		return Identity{}, false, nil
	}
	if a.denied != nil {
		if denied, err := a.denied(ctx, c.Token); denied || err != nil {
			return Identity{}, false, err
		}
	}
	id, ok, err := a.opts.Token.Authenticate(ctx, c)
	if ok && !a.eauths[id.Eauth] {
		// The token is older than the operator's change of external_auth. The
		// master would refuse it as well, but with another response.
		id.Grant.Release(ctx)
		return Identity{}, false, nil
	}
	return id, ok, err
}

// checksPAM reports whether Options.PAM checks the credentials of an eauth
// module, and not the master.
func (a *Authenticator) checksPAM(ctx context.Context, name string) bool {
	if name != pamName {
		return false
	}
	if a.opts.PAM == nil {
		a.logPAMRoute(routeMaster, "this gateway has no PAM of its own")
		return false
	}
	if a.moduleRights(name).Any() {
		a.logPAMRoute(routeMaster, "an eauth module decides there what users may do")
		return false
	}
	if a.opts.PAMUsable == nil {
		return true
	}
	usable, err := a.opts.PAMUsable(ctx)
	switch {
	case err != nil:
		// Not known yet. The master can check by itself; if it is the master
		// that is unreachable, the attempt returns that error.
		a.log.DebugContext(ctx, "could not tell yet whether the master takes tokens of this gateway", slog.Any("err", err))
		return false
	case !usable:
		a.logPAMRoute(routeMaster, "the master does not take tokens that this gateway writes")
		return false
	}
	a.logPAMRoute(routePAM, "the master takes tokens that this gateway writes")
	return true
}

// logPAMRoute logs the route of eauth pam, once for each change.
func (a *Authenticator) logPAMRoute(route int32, why string) {
	before := a.pamRoute.Swap(route)
	switch {
	case before == route:
	case route == routePAM:
		a.log.Info("eauth pam is checked by the gateway", slog.String("reason", why))
	default:
		a.log.Warn("eauth pam is checked by the master, which is slower", slog.String("reason", why))
	}
}
