package gateway

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/eauth/session/bolt"
)

// sessionsFile is where in the state folder those are who have logged in.
const sessionsFile = "sessions.db"

// openSessions opens the store of who has logged in. The function that comes with
// it ends every stream of theirs and closes the store. It is called before auth
// is used.
func (g *Gateway) openSessions(c *Config, auth *eauth.Authenticator, tokens authority) (*session.Sessions, func(), error) {
	dir := c.set.StateDir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, fmt.Errorf("state_dir: %w", err)
	}
	store, err := bolt.Open(filepath.Join(dir, sessionsFile))
	if err != nil {
		return nil, nil, fmt.Errorf("state_dir: %w", err)
	}
	s := session.New(session.Options{Store: store, Auth: auth, Tokens: tokens, Logger: g.log})
	return s, func() {
		s.Close()
		if err := store.Close(); err != nil {
			g.log.Warn("the store of sessions did not close", slog.Any("error", err))
		}
	}, nil
}
