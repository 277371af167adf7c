package session

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/saltern-api/saltern/eauth"
)

// Hash identifies a secret in a store, which never receives the secret itself.
type Hash [sha256.Size]byte

// HashOf returns the SHA-256 of s.
func HashOf(s string) Hash { return sha256.Sum256([]byte(s)) }

// Record is a session as a [Store] keeps it. Times are precise to a
// microsecond.
type Record struct {
	Key    Hash // of the session's id
	Token  Hash // of its Salt token
	User   Hash // of its user, eauth module and name
	Start  time.Time
	Expire time.Time
	Sealed []byte
}

// ErrFull means that too many tokens are denied for one more.
var ErrFull = errors.New("too many tokens are denied")

// Store keeps sessions and denied tokens. It is safe for use by several
// goroutines, and the effect of a completed call survives a crash.
type Store interface {
	// Put adds a session. If its user then has more than most, the oldest are
	// removed and returned.
	Put(ctx context.Context, r Record, most int) (ended []Record, err error)

	// Get returns the session with this key, whether it has expired or not.
	Get(ctx context.Context, key Hash) (r Record, ok bool, err error)

	// End removes every session that is based on a token. Unless until is zero,
	// it denies the token as well, in the same step. The error wraps [ErrFull] if
	// about as many as most are denied already: then the sessions are removed alone.
	End(ctx context.Context, token Hash, until time.Time, most int) error

	// Denied reports whether a token is denied.
	Denied(ctx context.Context, token Hash) (bool, error)

	// Sweep removes the sessions that have expired by now, and the denials
	// whose time is over. It returns how many of both it removed.
	Sweep(ctx context.Context, now time.Time) (removed int, err error)

	// Close releases the resources of the store, which must not be used
	// afterwards.
	Close() error
}

// storeError marks a failure of the store, which says nothing about the
// credentials, as [eauth.ErrUnavailable].
func storeError(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %w", eauth.ErrUnavailable, err)
}
