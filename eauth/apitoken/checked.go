package apitoken

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Checked is a store that is used only after a check that its tokens were hashed
// with our pepper. It is for a store that may be unreachable when the gateway
// starts: until the check succeeds, every call repeats it, and returns an
// [ErrUnavailable] if it fails.
//
//	store := apitoken.NewChecked(redis.Open(o), pepper, log)
//	if err := store.Check(ctx); errors.Is(err, apitoken.ErrPepper) {
//		return err // it will not get better
//	}
type Checked struct {
	store  Store
	pepper *Pepper
	log    *slog.Logger
	good   atomic.Bool

	mu     sync.Mutex
	logged error // the last failure that was logged
}

var _ Store = (*Checked)(nil)

// NewChecked returns a store in front of s, which it closes.
func NewChecked(s Store, p *Pepper, log *slog.Logger) *Checked {
	return &Checked{store: s, pepper: p, log: log}
}

// Check checks, unless that has succeeded before, whether the store can be
// used. The error is an [ErrUnavailable], and also an [ErrPepper] in case of a
// wrong pepper.
func (c *Checked) Check(ctx context.Context) error {
	if c.good.Load() {
		return nil
	}
	err := CheckPepper(ctx, c.store, c.pepper)
	if err != nil && ctx.Err() != nil {
		return err // nothing is known yet
	}
	if errors.Is(err, ErrPepper) {
		err = fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	c.tell(ctx, err)
	if err == nil {
		c.good.Store(true)
	}
	return err
}

// tell logs a change of the store's state.
func (c *Checked) tell(ctx context.Context, err error) {
	c.mu.Lock()
	before := c.logged
	c.logged = err
	c.mu.Unlock()
	switch {
	case err == nil && before != nil:
		c.log.InfoContext(ctx, "the token store answers now")
	case err == nil || errors.Is(before, ErrPepper) == errors.Is(err, ErrPepper) && before != nil:
	default:
		c.log.ErrorContext(ctx, "API tokens cannot be used", slog.Any("error", err))
	}
}

// Create adds a token.
func (c *Checked) Create(ctx context.Context, i Issue) error {
	if err := c.Check(ctx); err != nil {
		return err
	}
	return c.store.Create(ctx, i)
}

// Lookup finds a token by its secret.
func (c *Checked) Lookup(ctx context.Context, h Hash) (Record, error) {
	if err := c.Check(ctx); err != nil {
		return Record{}, err
	}
	return c.store.Lookup(ctx, h)
}

// Get finds a token by its id.
func (c *Checked) Get(ctx context.Context, id string) (Record, error) {
	if err := c.Check(ctx); err != nil {
		return Record{}, err
	}
	return c.store.Get(ctx, id)
}

// List returns a page of tokens.
func (c *Checked) List(ctx context.Context, q Query) (page []Record, next string, err error) {
	if err := c.Check(ctx); err != nil {
		return nil, "", err
	}
	return c.store.List(ctx, q)
}

// Consume exchanges a one-time token.
func (c *Checked) Consume(ctx context.Context, h Hash, now time.Time, next ...Issue) (Record, error) {
	if err := c.Check(ctx); err != nil {
		return Record{}, err
	}
	return c.store.Consume(ctx, h, now, next...)
}

// Renew gives a token another secret.
func (c *Checked) Renew(ctx context.Context, id string, n Renewal) (Record, error) {
	if err := c.Check(ctx); err != nil {
		return Record{}, err
	}
	return c.store.Renew(ctx, id, n)
}

// Revoke ends a token and what belongs to it.
func (c *Checked) Revoke(ctx context.Context, id string, v Revocation) ([]string, error) {
	if err := c.Check(ctx); err != nil {
		return nil, err
	}
	return c.store.Revoke(ctx, id, v)
}

// Touch records a use.
func (c *Checked) Touch(ctx context.Context, id string, u Use) error {
	if err := c.Check(ctx); err != nil {
		return err
	}
	return c.store.Touch(ctx, id, u)
}

// CountExpiring counts tokens that end.
func (c *Checked) CountExpiring(ctx context.Context, from, to time.Time) (int, error) {
	if err := c.Check(ctx); err != nil {
		return 0, err
	}
	return c.store.CountExpiring(ctx, from, to)
}

// Sweep removes what has ended.
func (c *Checked) Sweep(ctx context.Context, now time.Time, keep time.Duration) (removed int, err error) {
	if err := c.Check(ctx); err != nil {
		return 0, err
	}
	return c.store.Sweep(ctx, now, keep)
}

// PutDocument stores a document.
func (c *Checked) PutDocument(ctx context.Context, collection string, d Document) (Document, error) {
	if err := c.Check(ctx); err != nil {
		return d, err
	}
	return c.store.PutDocument(ctx, collection, d)
}

// Document returns a document.
func (c *Checked) Document(ctx context.Context, collection, key string) (Document, error) {
	if err := c.Check(ctx); err != nil {
		return Document{}, err
	}
	return c.store.Document(ctx, collection, key)
}

// Documents returns documents in order.
func (c *Checked) Documents(ctx context.Context, collection, after string, limit int) ([]Document, error) {
	if err := c.Check(ctx); err != nil {
		return nil, err
	}
	return c.store.Documents(ctx, collection, after, limit)
}

// DeleteDocument removes a document.
func (c *Checked) DeleteDocument(ctx context.Context, collection, key string) error {
	if err := c.Check(ctx); err != nil {
		return err
	}
	return c.store.DeleteDocument(ctx, collection, key)
}

// Once reports whether this is the first call.
func (c *Checked) Once(ctx context.Context, key string, ttl time.Duration) (first bool, err error) {
	if err := c.Check(ctx); err != nil {
		return false, err
	}
	return c.store.Once(ctx, key, ttl)
}

// UndoOnce undoes a call of Once.
func (c *Checked) UndoOnce(ctx context.Context, key string) error {
	if err := c.Check(ctx); err != nil {
		return err
	}
	return c.store.UndoOnce(ctx, key)
}

// AddFailure counts a failure.
func (c *Checked) AddFailure(ctx context.Context, key string, window time.Duration) (Failures, error) {
	if err := c.Check(ctx); err != nil {
		return Failures{}, err
	}
	return c.store.AddFailure(ctx, key, window)
}

// Failures returns a count.
func (c *Checked) Failures(ctx context.Context, key string) (Failures, error) {
	if err := c.Check(ctx); err != nil {
		return Failures{}, err
	}
	return c.store.Failures(ctx, key)
}

// ClearFailures resets a count.
func (c *Checked) ClearFailures(ctx context.Context, key string) error {
	if err := c.Check(ctx); err != nil {
		return err
	}
	return c.store.ClearFailures(ctx, key)
}

// Watch yields changes. Since a watcher yields a recheck once a second while a
// store does not respond, the store is checked soon after it is back, even
// without any other call.
func (c *Checked) Watch(ctx context.Context) iter.Seq[Notice] {
	return func(yield func(Notice) bool) {
		for n := range c.store.Watch(ctx) {
			if n.Recheck {
				_ = c.Check(ctx) // it logs the error
			}
			if !yield(n) {
				return
			}
		}
	}
}

// Close closes the store.
func (c *Checked) Close() error { return c.store.Close() }
