package apitoken

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/saltern-api/saltern/eauth"
)

// Store keeps tokens and related data. It is safe for use by several
// goroutines. The effect of a completed call survives a crash, and is visible
// to every later call, in each gateway that shares the store. Any method may
// return an [ErrUnavailable].
type Store interface {
	Tokens
	Documents
	Shared

	// Watch yields a notice of every change that affects a token that was
	// already checked, from all gateways, until ctx ends. The first notice is a
	// recheck, and comes when no later change will be missed; another one comes
	// within a second after the store became unreachable. Every other notice
	// comes within a second, too.
	Watch(ctx context.Context) iter.Seq[Notice]

	// Close releases the resources of the store, which must not be used
	// afterwards.
	Close() error
}

// Notice is one value of [Store.Watch].
type Notice struct {
	// Revoked are the ids of tokens that were revoked, given another secret, or
	// removed before their end, see [MaxChildren].
	Revoked []string

	// Documents is true if a role, a service account or another document was
	// changed or removed.
	Documents bool

	// Recheck is true if changes may have been missed, so that every open
	// stream must be checked again.
	Recheck bool
}

// Tokens is the part of a [Store] for tokens. Lookup and Get return a token in
// whichever [State] it is.
type Tokens interface {
	// Create adds a token. It returns an [ErrConflict] if the id or the hash
	// exists already, or if an API token of this name and owner has not ended;
	// an error of [Record.CheckParent] for its parent, and an [ErrNotFound] if
	// there is no such parent. It makes room if the parent has [MaxChildren],
	// and so do the calls that exchange a token.
	Create(ctx context.Context, i Issue) error

	// Lookup returns the token with this hash of its secret.
	Lookup(ctx context.Context, h Hash) (Record, error)

	// Get returns the token with this id.
	Get(ctx context.Context, id string) (Record, error)

	// List returns a page of the tokens that were neither revoked nor used up,
	// the oldest first, and where the next page begins: empty at the end.
	// Access tokens and device codes are not listed.
	List(ctx context.Context, q Query) (page []Record, next string, err error)

	// Consume ends a one-time token and adds the tokens that it is exchanged
	// for, in one step. It returns the token, together with an error as well:
	// an [ErrReused], after which the token, its family and their children are
	// revoked, or one of [Record.CheckConsume] and [Record.CheckSuccessor].
	Consume(ctx context.Context, h Hash, now time.Time, next ...Issue) (Record, error)

	// Renew gives an API token another secret and another end. The former
	// secret is invalid from then on, and the tokens that it was exchanged for
	// are revoked. An expired token becomes valid again, unless its name was
	// taken: [ErrConflict]. The tokens that the new secret is exchanged for at
	// once are added in the same step.
	Renew(ctx context.Context, id string, n Renewal) (Record, error)

	// Revoke ends a token, its children, and its family with their children. It
	// returns the ids of those that were not revoked before.
	Revoke(ctx context.Context, id string, v Revocation) (revoked []string, err error)

	// Touch records a use, unless one was recorded within [TouchEvery].
	Touch(ctx context.Context, id string, u Use) error

	// CountExpiring counts the listed tokens that end after from, and not after
	// to.
	CountExpiring(ctx context.Context, from, to time.Time) (int, error)

	// Sweep removes the tokens that had ended by now, listed ones only if that
	// is at least keep ago and no child of theirs is left, and the expired data
	// of [Shared]. It returns the number of removed tokens.
	Sweep(ctx context.Context, now time.Time, keep time.Duration) (removed int, err error)
}

// Query selects tokens.
type Query struct {
	Owner *Owner // nil: all owners'
	After string // the next of the previous call
	Limit int    // of the page; 100 where it is not positive, never more than 1000
}

// PageSize returns the effective limit.
func (q Query) PageSize() int {
	if q.Limit <= 0 {
		return 100
	}
	return min(q.Limit, 1000)
}

// Renewal is another secret for a token.
type Renewal struct {
	Hash    Hash
	At      time.Time
	Expires time.Time // zero: never

	// First requires that there was no secret before; otherwise the result is
	// [ErrConflict].
	First bool

	// Next are the tokens that the new secret is exchanged for, see
	// [Record.CheckSuccessor].
	Next []Issue
}

// Revocation is the time and the reason of a revocation.
type Revocation struct {
	At  time.Time
	Why string // one word for logs

	// UnusedSince, unless it is zero, prevents the revocation if the token was
	// active after that time, see [Record.LastActivity].
	UnusedSince time.Time
}

// The reasons that stores set themselves.
const (
	WhyReused  = "reused"  // the family of a one-time token that was used twice
	WhyRenewed = "renewed" // the tokens that the former secret was exchanged for
)

// Documents is the part of a [Store] for roles, service accounts and the like:
// small texts with a key, in one collection per kind. The name of a collection
// consists of letters and hyphens.
type Documents interface {
	// PutDocument stores d if d.Version is the current version, 0 for none, and
	// returns an [ErrConflict] otherwise. It returns d with its new version.
	PutDocument(ctx context.Context, collection string, d Document) (Document, error)

	// Document returns a document, or an [ErrNotFound] if there is none.
	Document(ctx context.Context, collection, key string) (Document, error)

	// Documents returns the documents of a collection with a key after the
	// given one, in the order of their keys, at most limit of them.
	Documents(ctx context.Context, collection, after string, limit int) ([]Document, error)

	// DeleteDocument removes a document, or returns an [ErrNotFound] if there
	// is none.
	DeleteDocument(ctx context.Context, collection, key string) error
}

// Document is a small text.
type Document struct {
	Key     string
	Version int64 // a new one with each change, also after a removal
	Value   []byte
}

// Shared is the part of a [Store] for coordination between gateways.
type Shared interface {
	// Once returns true for the first call with this key within ttl, and false
	// for the others, in whichever gateway they are made.
	Once(ctx context.Context, key string, ttl time.Duration) (first bool, err error)

	// UndoOnce undoes a call of Once, after which an operation failed.
	UndoOnce(ctx context.Context, key string) error

	// AddFailure counts a failure, and Failures returns the count. A count is
	// reset when there was no failure for the length of the window.
	AddFailure(ctx context.Context, key string, window time.Duration) (Failures, error)
	Failures(ctx context.Context, key string) (Failures, error)

	// ClearFailures resets a count.
	ClearFailures(ctx context.Context, key string) error
}

// Failures is a count of failures.
type Failures struct {
	Count int
	Last  time.Time
}

var (
	// ErrUnavailable means that the store cannot be reached now; no token is
	// accepted then. It is an [eauth.ErrUnavailable].
	ErrUnavailable = fmt.Errorf("the token store does not answer: %w", eauth.ErrUnavailable)

	// ErrNotFound means that there is no such token or document.
	ErrNotFound = errors.New("no such token")

	// ErrConflict means that a name, an id, a hash or a version is already
	// taken, or that a secret was already issued.
	ErrConflict = errors.New("taken already")

	// ErrRevoked means that a token, or the parent of one to be made, was
	// revoked.
	ErrRevoked = errors.New("the token was revoked")

	// ErrExpired means that a token, or the parent of one to be made, has
	// expired.
	ErrExpired = errors.New("the token has expired")

	// ErrReused means that a one-time token was used before. Its family is
	// already revoked then.
	ErrReused = errors.New("the one-time token was used before")

	// ErrInvalid means that a record or document cannot be stored as it is.
	ErrInvalid = errors.New("not a valid record")
)

func invalid(what string) error { return fmt.Errorf("%w: %s", ErrInvalid, what) }
