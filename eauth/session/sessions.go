package session

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/saltern-api/saltern/eauth"
)

// The reasons for which a context of [Sessions.Follow] ends.
var (
	ErrRevoked = errors.New("the session was ended")
	ErrExpired = errors.New("the session has expired")
)

// Tokens are the Salt tokens of the master. Their errors wrap
// [eauth.ErrUnavailable] where the master or its store cannot be reached.
type Tokens interface {
	// LookupToken returns the token and its owner. ok is false when there is
	// none.
	LookupToken(ctx context.Context, token string) (t eauth.Token, ok bool, err error)

	// Remove removes a token from the master's store. After an error, whatever
	// it is, the token may still be there.
	Remove(ctx context.Context, token string) error

	// RemoveHashed is Remove for a token of which only the SHA-256 is
	// available.
	RemoveHashed(ctx context.Context, sum [sha256.Size]byte) error

	// Local reports whether a lookup reads a file. Otherwise it is a request to
	// the master, which costs it something.
	Local() bool
}

// Options set up [Sessions]. Store, Auth and Tokens are required.
type Options struct {
	Store  Store
	Auth   *eauth.Authenticator
	Tokens Tokens

	// PerUser is how many sessions a user has at once, 1000 when 0. One more
	// ends the oldest.
	PerUser int

	// Denied is how many tokens are denied at most, 100,000 when 0: those that were
	// logged out and could not be removed. Further logouts of such tokens fail.
	Denied int

	Logger *slog.Logger // receives tokens that could not be removed; nil discards
}

// Sessions manages all logins. It is safe for use by several goroutines.
type Sessions struct {
	store   Store
	auth    *eauth.Authenticator
	tokens  Tokens
	perUser int
	log     *slog.Logger

	mostDenied int

	recent  *recent
	streams *streams

	mu    sync.Mutex
	swept time.Time
}

// New returns the sessions in o.Store. From then on o.Auth refuses the tokens
// that these sessions deny, so New must be called before o.Auth is used. The
// sessions must be closed, and the store after them.
func New(o Options) *Sessions {
	s := &Sessions{store: o.Store, auth: o.Auth, tokens: o.Tokens, perUser: o.PerUser, mostDenied: o.Denied, log: o.Logger}
	if s.perUser <= 0 {
		s.perUser = 1000
	}
	if s.mostDenied <= 0 {
		s.mostDenied = 100_000
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.recent = newRecent(s.look)
	s.streams = newStreams(s.look, s.tokens.Local)
	s.auth.Deny(s.denied)
	return s
}

// Close ends every context of [Sessions.Follow].
func (s *Sessions) Close() { s.streams.Close() }

func (s *Sessions) denied(ctx context.Context, token string) (bool, error) {
	denied, err := s.store.Denied(ctx, HashOf(token))
	return denied, storeError(err)
}

// look looks a token up, unless it is denied.
func (s *Sessions) look(ctx context.Context, token string) (eauth.Token, bool, error) {
	if denied, err := s.denied(ctx, token); denied || err != nil {
		return eauth.Token{}, false, err
	}
	return s.tokens.LookupToken(ctx, token)
}

// sweepPause is the minimum time between two sweeps. Every operation that adds
// to the store sweeps it, so no goroutine has to.
const sweepPause = time.Minute

func (s *Sessions) sweep(ctx context.Context) {
	now := time.Now()
	s.mu.Lock()
	due := now.Sub(s.swept) >= sweepPause
	if due {
		s.swept = now
	}
	s.mu.Unlock()
	if !due {
		return
	}
	if _, err := s.store.Sweep(ctx, now); err != nil {
		s.log.WarnContext(ctx, "sessions that have expired could not be removed; trying again later", slog.Any("error", err))
	}
}
