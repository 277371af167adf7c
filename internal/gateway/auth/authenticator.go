package auth

import (
	"context"
	"log/slog"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/admission"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/guard"
	"github.com/saltern-api/saltern/eauth/master"
	"github.com/saltern-api/saltern/eauth/mint"
	"github.com/saltern-api/saltern/eauth/pam"
	"github.com/saltern-api/saltern/eauth/throttle"
	"github.com/saltern-api/saltern/eauth/token"
	"github.com/saltern-api/saltern/internal/gateway/config"
	"github.com/saltern-api/saltern/saltmaster"
)

// failDelay is the minimum time of a wrong password, as at a master. It slows
// down guessing with a PAM service that has no delay of its own, and the time
// does not reveal whether a user exists.
const failDelay = time.Second

// The backends of authentication, as labels of metrics.
const (
	backendPAM    = "pam"
	backendMaster = "master"
	backendToken  = "token"
)

// Observer counts the results of authentications. *Metrics is one.
type Observer interface {
	Observe(backend string, ok bool, err error)
	NotTried(backend, reason string)
}

// Auth authenticates callers: the backends of eauth in front of one master.
type Auth struct {
	*eauth.Authenticator

	// Mint makes the gateway's own Salt tokens.
	Mint *mint.Mint

	// Master is the master's token store for package eauth.
	Master Master

	owners   ownerMint
	ofMaster *master.Backend
}

// New returns an Auth. It connects to nothing yet.
func New(c *config.Config, tokens *saltmaster.Tokens, metrics Observer, log *slog.Logger) *Auth {
	m := Master{tokens}
	own := mint.New(m, mint.Options{Logger: log})
	accepted := acceptedMint{own}
	limits := func(backend string) guard.Options {
		return guard.Options{
			Throttle:  throttle.Options{Free: c.Settings.Auth.Attempts, Forget: c.Settings.Auth.Window},
			FailDelay: failDelay,
			Observe:   notTried(metrics, backend),
			Logger:    log,
		}
	}
	ofMaster := master.New(m, master.Options{
		Guard: limits(backendMaster), Logger: log, Reuse: c.Settings.Auth.Reuse, Reusable: c.Reusable(),
	})
	inProcess := pamBackend(c, own, limits(backendPAM), log)
	owners := ownerMint{accepted, c.RightsUnknown()}
	return &Auth{Mint: own, Master: m, owners: owners, ofMaster: ofMaster, Authenticator: eauth.New(eauth.Options{
		Eauths:    c.Eauths(),
		HashType:  c.Master.HashType,
		Token:     counted{token.New(m), backendToken, metrics},
		Master:    counted{ofMaster, backendMaster, metrics},
		PAM:       usablePAM(inProcess, metrics, log),
		PAMUsable: own.Usable,

		PAMAllowed: inProcess.Allowed,

		ModuleRights: c.ModuleRights(),
		KeepACL:      c.Master.KeepACLInToken,
		Carrier:      countedCarrier{ofMaster, metrics},
		Mint:         accepted,

		UnknownDelay: failDelay,
		Logger:       log,
	})}
}

// Close removes all Salt tokens that are the gateway's. It comes after all that
// authenticates callers.
func (a *Auth) Close(ctx context.Context) error {
	a.ofMaster.Close(ctx)
	return a.Mint.Close(ctx)
}

// OwnerMint returns the mint of Salt tokens for the owners of API tokens.
func (a *Auth) OwnerMint() issuer.Minter { return a.owners }

// pamBackend returns the backend that runs PAM in this process.
func pamBackend(c *config.Config, m *mint.Mint, limits guard.Options, log *slog.Logger) *pam.Backend {
	limits.Admission = admission.Options{KnownGood: c.Settings.PAM.Slots, Others: c.Settings.PAM.UnprovenSlots}
	o := c.PAM()
	o.Mint, o.Guard, o.Logger = m, limits, log
	return pam.New(o)
}

// usablePAM returns b as a backend, or nil if this process cannot use PAM.
func usablePAM(b *pam.Backend, metrics Observer, log *slog.Logger) eauth.Backend {
	if err := b.Check(); err != nil {
		log.Warn("PAM cannot be used in this process", slog.Any("error", err))
		return nil
	}
	return counted{b, backendPAM, metrics}
}

// notTried counts the authentications that a guard refuses.
func notTried(metrics Observer, backend string) func(guard.Outcome) {
	return func(o guard.Outcome) {
		if o == guard.Throttled || o == guard.Busy {
			metrics.NotTried(backend, string(o))
		}
	}
}

// counted counts the results of a backend.
type counted struct {
	eauth.Backend
	name    string
	metrics Observer
}

// Authenticate implements eauth.Backend.
func (b counted) Authenticate(ctx context.Context, c eauth.Credentials) (eauth.Identity, bool, error) {
	id, ok, err := b.Backend.Authenticate(ctx, c)
	b.metrics.Observe(b.name, ok, err)
	return id, ok, err
}

// countedCarrier counts the results of credentials that are sent to the master
// in a command.
type countedCarrier struct {
	eauth.Carrier
	metrics Observer
}

// Carry implements eauth.Carrier.
func (c countedCarrier) Carry(
	ctx context.Context, creds eauth.Credentials, send func(ctx context.Context) (eauth.Verdict, error),
) (eauth.Verdict, error) {
	v, err := c.Carrier.Carry(ctx, creds, send)
	failure := err
	if v != eauth.NoVerdict {
		failure = nil // the verdict is counted
	}
	c.metrics.Observe(backendMaster, v == eauth.Right, failure)
	return v, err
}
