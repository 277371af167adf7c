package eauth

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

// pamName is the eauth module of Salt that the gateway can stand in for.
const pamName = "pam"

// Options set up an [Authenticator].
type Options struct {
	// Eauths are the names under the master's external_auth. Every other name
	// is refused without asking anybody, as the master would.
	Eauths []string

	// HashType is the master's hash_type: it gives the length of a token.
	HashType string

	Token  Backend // checks Salt tokens
	Master Backend // checks every eauth the master knows

	// PAM checks eauth pam in this process; nil when that is not possible, and
	// then the master does it.
	PAM Backend

	// PAMUsable reports whether the master takes what PAM grants. While it says
	// no, or cannot tell, the master checks eauth pam itself. nil means yes.
	PAMUsable func(ctx context.Context) (bool, error)

	// PAMAllowed tells whom the master is asked about where it checks eauth pam;
	// the others are refused. nil is everybody.
	PAMAllowed func(ctx context.Context, c Credentials) (bool, error)

	// ModuleRights returns what an eauth module itself says of rights; nil is nothing.
	// KeepACL is keep_acl_in_token. Carrier takes credentials to the master
	// with commands, where only that shows the master's own rights; without one
	// tokens stand for them always. Mint, which may be nil, writes tokens that
	// spare some of that.
	ModuleRights func(eauth string) ModuleRights
	KeepACL      bool
	Carrier      Carrier
	Mint         interface {
		Grant(ctx context.Context, user, eauth string, groups []string) (Grant, error)
	}

	// UnknownDelay is how long a name that is not in Eauths takes to be
	// refused: as long as a wrong password, so that nobody learns from the
	// time which modules there are.
	UnknownDelay time.Duration

	// Logger hears when the way of eauth pam changes. nil discards.
	Logger *slog.Logger
}

// An Authenticator picks the backend for a chunk's credentials. It is used
// through one [RequestAuth] per request.
type Authenticator struct {
	opts     Options
	eauths   map[string]bool
	denied   func(ctx context.Context, token string) (bool, error) // nil when none is
	log      *slog.Logger
	pamRoute atomic.Int32 // the last route of eauth pam that was logged
}

// The routes of eauth pam; 0 is none yet.
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

// authenticate asks the one backend that c is for.
func (a *Authenticator) authenticate(ctx context.Context, c Credentials) (Identity, bool, error) {
	id, _, ok, err := a.check(ctx, c)
	return id, ok, err
}

// entitled is authenticate, with a grant for commands.
func (a *Authenticator) entitled(ctx context.Context, c Credentials) (Identity, bool, error) {
	id, byMaster, ok, err := a.check(ctx, c)
	if ok && byMaster && err == nil {
		id = a.entitle(ctx, c, id)
	}
	return id, ok, err
}

// check asks the one backend that c is for, and reports whether it is the master's
// for passwords.
func (a *Authenticator) check(ctx context.Context, c Credentials) (id Identity, byMaster, ok bool, err error) {
	if c.Check() != nil {
		return Identity{}, false, false, nil
	}
	if c.Token != "" {
		id, ok, err = a.byToken(ctx, c)
		return id, false, ok, err
	}
	if !a.eauths[c.Eauth] {
		return Identity{}, false, false, pause(ctx, a.opts.UnknownDelay)
	}
	if a.checksPAM(ctx, c.Eauth) {
		id, ok, err = a.opts.PAM.Authenticate(ctx, c)
		return id, false, ok, err
	}
	if ok, err = a.mayAsk(ctx, c); !ok || err != nil {
		return Identity{}, false, false, err
	}
	id, ok, err = a.opts.Master.Authenticate(ctx, c)
	return id, true, ok, err
}

// mayAsk reports whether credentials may go to the master at all.
func (a *Authenticator) mayAsk(ctx context.Context, c Credentials) (bool, error) {
	if c.Eauth != pamName || a.opts.PAMAllowed == nil {
		return true, nil
	}
	ok, err := a.opts.PAMAllowed(ctx, c)
	if !ok && err == nil {
		err = pause(ctx, a.opts.UnknownDelay)
	}
	return ok, err
}

// pause waits, unless the caller gives up before.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
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
		// master would refuse it, but with another answer.
		id.Grant.Release(ctx)
		return Identity{}, false, nil
	}
	return id, ok, err
}

// checksPAM reports whether credentials of an eauth module are checked by
// Options.PAM, and not by the master.
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
		// Nobody knows yet. The master can check by itself, and when it is the
		// master that is missing, asking it says so.
		a.log.DebugContext(ctx, "could not tell yet whether the master takes tokens of this gateway", slog.Any("err", err))
		return false
	case !usable:
		a.logPAMRoute(routeMaster, "the master does not take tokens that this gateway writes")
		return false
	}
	a.logPAMRoute(routePAM, "the master takes tokens that this gateway writes")
	return true
}

// logPAMRoute logs which way eauth pam goes, once for each change of it.
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
