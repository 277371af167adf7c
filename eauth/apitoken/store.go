package apitoken

import (
	"context"
	"iter"
	"time"
)

// Store keeps tokens and what belongs to them. It is safe for use by several
// goroutines. What a call has done is there after a crash, and is seen by
// every call that begins after it, in each gateway that shares the store. Any
// method may return an [ErrUnavailable].
type Store interface {
	Tokens
	Documents
	Shared

	// Watch gives a notice of every change that a holder of a checked token
	// has to know of, from all gateways, until ctx ends. The first notice is a
	// recheck, and comes when no later change will be missed; another one
	// comes within a second after the store could not be asked. A notice is
	// no later than that either.
	Watch(ctx context.Context) iter.Seq[Notice]

	// Close frees what the store holds. It is not used afterwards.
	Close() error
}

// Notice is what [Store.Watch] tells.
type Notice struct {
	// Revoked has the ids of tokens that were revoked, given another secret, or
	// removed before their time, see [MaxChildren].
	Revoked []string

	// Documents tells that a role, a service account or another document was
	// changed or removed.
	Documents bool

	// Recheck tells that changes may have been missed, so that all that is
	// open has to be looked up again.
	Recheck bool
}

// Tokens is the part of a [Store] that has the tokens. Lookup and Get return
// them in whichever [State] they are.
type Tokens interface {
	// Create adds a token. It returns an [ErrConflict] where id or hash are
	// there already, and where an API token of this name and owner has not
	// ended; the errors of [Record.CheckParent] where its parent has, and an
	// [ErrNotFound] where that is not there. It makes room where the parent has
	// [MaxChildren], and so do the calls that exchange a token.
	Create(ctx context.Context, i Issue) error

	// Lookup finds a token by its secret.
	Lookup(ctx context.Context, h Hash) (Record, error)

	// Get finds a token by its id.
	Get(ctx context.Context, id string) (Record, error)

	// List returns a page of the tokens that were neither revoked nor used
	// up, the oldest first, and where to go on: empty at the end. Access
	// tokens and device codes are not listed.
	List(ctx context.Context, q Query) (page []Record, next string, err error)

	// Consume ends a one-time token and adds what it is exchanged for, in one
	// step. It returns the token, with an error too: an [ErrReused], after
	// which the token, its family and their children are revoked, and those
	// of [Record.CheckConsume] and [Record.CheckSuccessor].
	Consume(ctx context.Context, h Hash, now time.Time, next ...Issue) (Record, error)

	// Renew gives an API token another secret and another end. The former
	// secret is unknown from then on, and what it was exchanged for revoked.
	// An expired token lives again, unless its name was taken: [ErrConflict].
	// What the new secret is exchanged for at once is added in the same step.
	Renew(ctx context.Context, id string, n Renewal) (Record, error)

	// Revoke ends a token, its children, and its family with theirs. It
	// returns the ids of those that were not revoked before.
	Revoke(ctx context.Context, id string, v Revocation) (revoked []string, err error)

	// Touch notes a use, unless one was noted within [TouchEvery].
	Touch(ctx context.Context, id string, u Use) error

	// CountExpiring counts the listed tokens that end after from, and not
	// after to.
	CountExpiring(ctx context.Context, from, to time.Time) (int, error)

	// Sweep removes the tokens that had ended by now, listed ones only when
	// that is as long ago as keep and when no child of theirs is left, and
	// what [Shared] has no need of any more. It returns how many tokens those
	// were.
	Sweep(ctx context.Context, now time.Time, keep time.Duration) (removed int, err error)
}

// Query selects tokens.
type Query struct {
	Owner *Owner // nil: everyone's
	After string // what the call before returned as next
	Limit int    // of the page; 100 where it is not positive, never more than 1000
}

// PageSize is the limit that counts.
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

	// First demands that there was no secret before; otherwise [ErrConflict].
	First bool

	// Next is what the new secret is exchanged for, see
	// [Record.CheckSuccessor].
	Next []Issue
}

// Revocation tells when and why.
type Revocation struct {
	At  time.Time
	Why string // one word for logs

	// UnusedSince, where it is not zero, leaves the token alone when there
	// was a sign of use after that, see [Record.LastSign].
	UnusedSince time.Time
}

// The reasons that stores give themselves.
const (
	WhyReused  = "reused"  // the family of a one-time token that was used twice
	WhyRenewed = "renewed" // what was exchanged for the former secret
)

// Documents is the part of a [Store] that has roles, service accounts and the
// like: small texts with a key, in a collection per kind. A collection's name has
// letters and hyphens.
type Documents interface {
	// PutDocument keeps d where d.Version is the version that is there, 0 for
	// none, or else returns an [ErrConflict]. It returns d with its new
	// version.
	PutDocument(ctx context.Context, collection string, d Document) (Document, error)

	// Document returns an [ErrNotFound] where there is none.
	Document(ctx context.Context, collection, key string) (Document, error)

	// Documents returns those of a collection with a key after that one, in the
	// order of their keys, and limit of them at the most.
	Documents(ctx context.Context, collection, after string, limit int) ([]Document, error)

	// DeleteDocument returns an [ErrNotFound] where there is none.
	DeleteDocument(ctx context.Context, collection, key string) error
}

// Document is a small text.
type Document struct {
	Key     string
	Version int64 // another one with each change, also after a removal
	Value   []byte
}

// Shared is the part of a [Store] that gateways agree by.
type Shared interface {
	// Once returns true for the first call with this key within ttl, and
	// false for the others, in whichever gateway they are made.
	Once(ctx context.Context, key string, ttl time.Duration) (first bool, err error)

	// UndoOnce takes a Once back, for what did not succeed.
	UndoOnce(ctx context.Context, key string) error

	// AddFailure counts a failure, and Failures returns how many there were. A
	// count is forgotten when there was no failure for as long as the window.
	AddFailure(ctx context.Context, key string, window time.Duration) (Failures, error)
	Failures(ctx context.Context, key string) (Failures, error)

	// ClearFailures forgets a count.
	ClearFailures(ctx context.Context, key string) error
}

// Failures is a count of failures.
type Failures struct {
	Count int
	Last  time.Time
}
