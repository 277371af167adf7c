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

	// PAMUsable tells whether the master takes what PAM grants. While it says
	// no, or cannot tell, the master checks eauth pam itself. nil means yes.
	PAMUsable func(ctx context.Context) (bool, error)

	// UnknownDelay is how long a name that is not in Eauths takes to be
	// refused: as long as a wrong password, so that nobody learns from the
	// time which modules there are.
	UnknownDelay time.Duration

	// Logger hears when the way of eauth pam changes. nil discards.
	Logger *slog.Logger
}

// An Authenticator picks the backend for a chunk's credentials. It is used
// through one [Session] per request.
type Authenticator struct {
	opts    Options
	eauths  map[string]bool
	denied  func(ctx context.Context, token string) (bool, error) // nil when none is
	log     *slog.Logger
	pamSaid atomic.Int32 // the last route of eauth pam that was logged
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
	if c.Check() != nil {
		return Identity{}, false, nil
	}
	if c.Token != "" {
		return a.byToken(ctx, c)
	}
	if !a.eauths[c.Eauth] {
		return Identity{}, false, pause(ctx, a.opts.UnknownDelay)
	}
	return a.backend(ctx, c.Eauth).Authenticate(ctx, c)
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

func (a *Authenticator) backend(ctx context.Context, name string) Backend {
	if name != pamName {
		return a.opts.Master
	}
	if a.opts.PAM == nil {
		a.say(routeMaster, "this gateway has no PAM of its own")
		return a.opts.Master
	}
	if a.opts.PAMUsable == nil {
		return a.opts.PAM
	}
	usable, err := a.opts.PAMUsable(ctx)
	switch {
	case err != nil:
		// Nobody knows yet. The master can check by itself, and when it is the
		// master that is missing, asking it says so.
		a.log.DebugContext(ctx, "could not tell yet whether the master takes tokens of this gateway", slog.Any("err", err))
		return a.opts.Master
	case !usable:
		a.say(routeMaster, "the master does not take tokens that this gateway writes")
		return a.opts.Master
	}
	a.say(routePAM, "the master takes tokens that this gateway writes")
	return a.opts.PAM
}

// say logs which way eauth pam goes, once for each change of it.
func (a *Authenticator) say(route int32, why string) {
	before := a.pamSaid.Swap(route)
	switch {
	case before == route:
	case route == routePAM:
		a.log.Info("eauth pam is checked by the gateway", slog.String("reason", why))
	default:
		a.log.Warn("eauth pam is checked by the master, which is slower", slog.String("reason", why))
	}
}
