package redis

import (
	"context"
	"errors"
	"fmt"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// Options are how to reach Redis. A zero value stands for a default.
type Options struct {
	goredis.UniversalOptions

	Prefix  string        // of all keys, without braces; saltern
	Timeout time.Duration // of a whole call, with all attempts; 2 s
}

// Store is a token store in Redis.
type Store struct {
	client  goredis.UniversalClient
	scripts scripts
	prefix  string
	timeout time.Duration
}

var _ apitoken.Store = (*Store)(nil)

// Open returns a store, without connecting to Redis.
func Open(o Options) *Store {
	if o.Prefix == "" {
		o.Prefix = "saltern"
	}
	if o.Timeout <= 0 {
		o.Timeout = 2 * time.Second
	}
	if o.DialTimeout <= 0 {
		o.DialTimeout = time.Second
	}
	if o.DialerRetries <= 0 {
		o.DialerRetries = 1 // calls are retried anyway; a refused connection is reported at once
	}
	o.ContextTimeoutEnabled = true
	o.DisableIdentity = true
	o.ReadOnly, o.RouteByLatency, o.RouteRandomly = false, false, false // a replica may lack a recent revocation
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return &Store{
		client:  goredis.NewUniversalClient(&o.UniversalOptions),
		scripts: loadScripts(),
		prefix:  "{" + o.Prefix + "}:",
		timeout: o.Timeout,
	}
}

// Close closes the connections.
func (s *Store) Close() error { return s.client.Close() }

// bounded returns the context of one call.
func (s *Store) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, s.timeout)
}

// failed returns the error for a failed call of the client. ctx is the
// caller's.
func failed(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", apitoken.ErrUnavailable, err)
}

// key returns the full name of a key for use without a script.
func (s *Store) key(name string) string { return s.prefix + name }
