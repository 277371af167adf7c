package tokens

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/bolt"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/memory"
	"github.com/saltern-api/saltern/eauth/apitoken/redis"
	"github.com/saltern-api/saltern/internal/gateway/config"
	"github.com/saltern-api/saltern/internal/settings"
)

// tokensFile is the file of API tokens in the state directory.
const tokensFile = "tokens.db"

// Service issues API tokens, and owns their store.
type Service struct {
	*issuer.Service
	Store  apitoken.Store
	pepper *apitoken.Pepper
	log    *slog.Logger
}

// Key returns a key for some use. It is the same in all gateways that share the
// tokens.
func (s *Service) Key(use string) ([]byte, error) { return s.pepper.Derive(use) }

// Open opens the store of API tokens, and sets the configured options in o. The
// service must be closed before the values in o.
func Open(ctx context.Context, c *config.Config, o issuer.Options) (*Service, error) {
	store, pepper, err := openStore(ctx, c, o.Logger)
	if err != nil {
		return nil, err
	}
	o = c.Issuer(o)
	o.RightsAtLogin = c.RightsUnknown()
	o.Store, o.Pepper, o.Owners = store, pepper, newOwners(c, o.Logger)
	s, err := issuer.New(o)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("tokens: %w", err), store.Close())
	}
	return &Service{Service: s, Store: store, pepper: pepper, log: o.Logger}, nil
}

// Close closes the service, then its store.
func (s *Service) Close() {
	s.Service.Close()
	if err := s.Store.Close(); err != nil {
		s.log.Warn("the store of tokens did not close", slog.Any("error", err))
	}
}

// openStore opens the store in the settings, with the key of its hashes.
func openStore(ctx context.Context, c *config.Config, log *slog.Logger) (apitoken.Store, *apitoken.Pepper, error) {
	if c.Settings.Tokens.Store == settings.StoreRedis {
		return openRedis(ctx, c, log)
	}
	dir := c.Settings.StateDir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, fmt.Errorf("state_dir: %w", err)
	}
	pepper := c.Tokens.Pepper
	if pepper == nil {
		var err error
		if pepper, err = apitoken.LoadPepper(dir); err != nil {
			return nil, nil, fmt.Errorf("state_dir: %w", err)
		}
	}
	if c.Settings.Tokens.Store == settings.StoreMemory {
		return memory.New(), pepper, nil
	}
	store, err := bolt.Open(filepath.Join(dir, tokensFile))
	if err != nil {
		return nil, nil, fmt.Errorf("state_dir: %w", err)
	}
	if err := apitoken.CheckPepper(ctx, store, pepper); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("state_dir: %w", err), store.Close())
	}
	return store, pepper, nil
}

// openRedis opens the store that gateways share. The gateway starts even if
// Redis cannot be reached, but not with the wrong pepper.
func openRedis(ctx context.Context, c *config.Config, log *slog.Logger) (apitoken.Store, *apitoken.Pepper, error) {
	pepper := c.Tokens.Pepper
	store := apitoken.NewChecked(redis.Open(redis.Options{
		UniversalOptions: c.Tokens.Redis, Prefix: c.Settings.Tokens.Redis.Prefix,
	}), pepper, log)
	if err := store.Check(ctx); errors.Is(err, apitoken.ErrPepper) {
		return nil, nil, errors.Join(fmt.Errorf("tokens.pepper_file: %w", err), store.Close())
	}
	return store, pepper, nil
}
