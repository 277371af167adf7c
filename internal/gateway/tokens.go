package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/bolt"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/memory"
	"github.com/saltern-api/saltern/eauth/apitoken/redis"
	"github.com/saltern-api/saltern/internal/settings"
)

// tokensFile is where in the state folder API tokens are kept.
const tokensFile = "tokens.db"

// tokenService is what gives out API tokens, with the store that it has.
type tokenService struct {
	*issuer.Service
	store apitoken.Store
	log   *slog.Logger
}

// openTokens opens the store of API tokens. Of o it sets what the configuration
// knows. The service is closed before what o holds is.
func openTokens(ctx context.Context, c *Config, o issuer.Options) (*tokenService, error) {
	store, pepper, err := openTokenStore(ctx, c, o.Logger)
	if err != nil {
		return nil, err
	}
	o = withSettings(o, c.set.Tokens)
	o.Untold = untold(c)
	o.Store, o.Pepper, o.Owners = store, pepper, newTokenOwners(c, o.Logger)
	s, err := issuer.New(o)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("tokens: %w", err), store.Close())
	}
	return &tokenService{Service: s, store: store, log: o.Logger}, nil
}

func (s *tokenService) close() {
	s.Close()
	if err := s.store.Close(); err != nil {
		s.log.Warn("the store of tokens did not close", slog.Any("error", err))
	}
}

// openTokenStore opens the store that the settings name, with the key of its
// hashes.
func openTokenStore(ctx context.Context, c *Config, log *slog.Logger) (apitoken.Store, *apitoken.Pepper, error) {
	if c.set.Tokens.Store == settings.StoreRedis {
		return openRedis(ctx, c, log)
	}
	dir := c.set.StateDir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, fmt.Errorf("state_dir: %w", err)
	}
	pepper := c.tokens.pepper
	if pepper == nil {
		var err error
		if pepper, err = apitoken.LoadPepper(dir); err != nil {
			return nil, nil, fmt.Errorf("state_dir: %w", err)
		}
	}
	if c.set.Tokens.Store == settings.StoreMemory {
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

// openRedis opens the store that gateways share. A Redis that is away does not
// keep the gateway from starting, but the wrong pepper does.
func openRedis(ctx context.Context, c *Config, log *slog.Logger) (apitoken.Store, *apitoken.Pepper, error) {
	pepper := c.tokens.pepper
	store := apitoken.NewChecked(redis.Open(redis.Options{
		UniversalOptions: c.tokens.redis, Prefix: c.set.Tokens.Redis.Prefix,
	}), pepper, log)
	if err := store.Check(ctx); errors.Is(err, apitoken.ErrPepper) {
		return nil, nil, errors.Join(fmt.Errorf("tokens.pepper_file: %w", err), store.Close())
	}
	return store, pepper, nil
}

// mayOpenStore tells whether a command can work on the store itself, beside
// gateways that do not run here.
func mayOpenStore(c *Config) error {
	switch c.set.Tokens.Store {
	case settings.StoreRedis:
		return nil
	case settings.StoreMemory:
		return errors.New("no gateway answers, and tokens.store: memory has them in the gateway's memory alone")
	}
	return checkStateOwner(c.set.StateDir)
}

// checkStateOwner refuses to make files in a state folder that belongs to
// somebody else: the gateway could not read what root has made there.
func checkStateOwner(dir string) error {
	info, err := os.Stat(dir)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("state_dir %s: there is none; has the gateway never run?", dir)
	}
	if err != nil {
		return fmt.Errorf("state_dir: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if ok && int(owner.Uid) != os.Geteuid() {
		return fmt.Errorf("no gateway answers, and state_dir %s belongs to user id %d: run this as that user", dir, owner.Uid)
	}
	return nil
}
