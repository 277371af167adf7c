package issuer

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
)

// Minter mints Salt tokens for users. *mint.Mint is one.
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

	// RightsAtLogin reports whether an eauth module decides at each login what a
	// user may do, so that no token can act for its users: see [eauth.ErrRights].
	// Nil stands for no such module.
	RightsAtLogin func(eauth string) bool

	// AccessLifetimes are the lifetimes of access tokens, by profile. Defaults are
	// 1799 s for CSP, 30 days for VCD and an hour for the native profile.
	AccessLifetimes map[apitoken.Profile]time.Duration

	// TokenLifetimes are the lifetimes of API tokens that are requested without one,
	// by profile. Defaults are "never" for VCD and six months for the others.
	// MaxLifetime bounds the lifetimes of all tokens; 0 is no bound. Defaults are cut
	// to it, and requests for more are refused.
	TokenLifetimes map[apitoken.Profile]Lifetime
	MaxLifetime    time.Duration

	// NoDirectUse refuses API tokens that are presented in place of an access
	// token.
	NoDirectUse bool

	// LoginRoles are the roles of every user with a login, and Assignments
	// gives further roles to some users. They apply to the data that the gateway
	// keeps, and restrict nothing at the master. Nil LoginRoles stand for a
	// default: the role User, and Superuser for whom Unrestricted is true.
	LoginRoles  []string
	Assignments []Assignment

	// Unrestricted reports whether a user may do everything at the master. Nil
	// stands for nobody.
	Unrestricted func(user, eauth string, groups []string) bool

	// RoleOptions are the options with which roles are compiled.
	RoleOptions role.Options

	Throttle Throttle

	// UnusedFor is the time without use after which a token is revoked; 0 is
	// never. An open stream is a use, and so is the use of the access token that a
	// token was exchanged for.
	UnusedFor time.Duration

	// OwnerMaxIdle is how long the tokens of an owner are valid without a login,
	// where [Owners] cannot find out whether the owner still exists; 0 is no
	// bound. For an owner without a recorded login the time begins with the first
	// use of a token, or with its creation.
	OwnerMaxIdle time.Duration

	// Notify receives the events for the audit log. It must not block.
	Notify func(context.Context, Event)

	Clock  func() time.Time // time.Now when nil
	Logger *slog.Logger     // nil discards
}

// Service issues tokens and checks them. It is safe for use by several
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

	usersFull atomic.Pointer[time.Time] // until when no further users are recorded, see [Service.admitUser]

	stop context.CancelFunc
	bg   sync.WaitGroup
}

// New returns a service. It must be closed, and before its store.
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

// Close ends every context of [Service.Follow] and the background goroutines.
func (s *Service) Close() {
	s.stop()
	s.streams.Close()
	s.bg.Wait()
}

func (s *Service) now() time.Time { return s.opts.Clock() }
