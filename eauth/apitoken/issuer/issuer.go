package issuer

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
)

// Minter makes Salt tokens of users. *mint.Mint is one.
type Minter interface {
	Grant(ctx context.Context, user, eauth string, groups []string) (eauth.Grant, error)
}

// Options set up a [Service]. Store, Pepper and Owners are required; Mint is
// for [Service.ActAs].
type Options struct {
	Store  apitoken.Store
	Pepper *apitoken.Pepper
	Owners Owners
	Mint   Minter

	// RightsAtLogin tells of which eauth modules users have rights that are said at
	// their logins alone: [eauth.ErrRights]. nil is none.
	RightsAtLogin func(eauth string) bool

	// AccessLifetimes is how long access tokens are good, by profile. A profile that is
	// not there has its default: 1799 s at CSP, 30 days at VCD, an hour at the
	// native one.
	AccessLifetimes map[apitoken.Profile]time.Duration

	// TokenLifetimes is how long API tokens are good that ask for nothing, by profile.
	// A profile that is not there has its default: never ending at VCD, and six
	// months at the others. MaxLifetime bounds all of them, 0 does not: a default
	// is cut to it, and who asks for more is refused.
	TokenLifetimes map[apitoken.Profile]Lifetime
	MaxLifetime    time.Duration

	// NoDirectUse refuses API tokens that are shown in place of an access
	// token.
	NoDirectUse bool

	// LoginRoles are the roles that everybody has a login, and
	// Assignments who has more. They count for what the gateway keeps itself
	// and take away nothing at the master. Nil LoginRoles are a default: own
	// tokens and what concerns one's own work, but nothing of others.
	LoginRoles  []string
	Assignments []Assignment

	// RoleOptions is for the sets that are made of roles.
	RoleOptions role.Options

	Throttle Throttle

	// UnusedFor revokes tokens that were not used for so long; 0 does not. An
	// open stream is a use, and so is the use of what a token was exchanged
	// for.
	UnusedFor time.Duration

	// OwnerMaxIdle is how long the tokens of an owner are good without a login,
	// where nobody can be asked whether the owner is still there, see [Owners];
	// 0 is for ever. The time of an owner who was never seen to log in begins
	// with the first use of a token, or with its making.
	OwnerMaxIdle time.Duration

	// Notify hears of everything that an audit log is for. It must not block.
	Notify func(context.Context, Event)

	Clock  func() time.Time // time.Now when nil
	Logger *slog.Logger     // nil discards
}

// Service gives out tokens and checks them. It is safe for use by several
// goroutines.
type Service struct {
	opts   Options
	store  apitoken.Store
	pepper *apitoken.Pepper
	log    *slog.Logger

	roles   roleCache
	owners  *ownerCache
	guard   *guard
	uses    *uses
	streams *streams

	stop context.CancelFunc
	bg   sync.WaitGroup
}

// New returns a service that must be closed, before its store is.
func New(o Options) (*Service, error) {
	if o.Store == nil || o.Pepper == nil || o.Owners == nil {
		return nil, errors.New("a token service needs a store, a pepper and owners")
	}
	if err := checkAssignments(o.Assignments); err != nil {
		return nil, err
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{opts: o, store: o.Store, pepper: o.Pepper, log: o.Logger}
	s.roles.turn = make(chan struct{}, 1)
	s.owners = newOwnerCache(o, s.now)
	s.guard = newGuard(o.Store, o.Throttle, s.now)
	s.uses = newUses(o.Store, o.Logger)
	s.streams = s.newStreams()
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.bg.Go(func() { s.watch(ctx) })
	s.bg.Go(func() { s.uses.run(ctx) })
	s.bg.Go(func() { s.runJanitor(ctx) })
	return s, nil
}

// Close ends every context of [Service.Follow] and what runs in the
// background.
func (s *Service) Close() {
	s.stop()
	s.streams.Close()
	s.bg.Wait()
}

func (s *Service) now() time.Time { return s.opts.Clock() }
