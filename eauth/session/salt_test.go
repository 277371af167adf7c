package session_test

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/eauthtest"
	"github.com/saltern-api/saltern/eauth/master"
	"github.com/saltern-api/saltern/eauth/mint"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/eauth/session/memory"
	"github.com/saltern-api/saltern/eauth/token"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const life = 12 * time.Hour // Salt's token_expire

var errNoAccess = errors.New("the store is out of reach")

// salt is a fake master with its tokens, and their file system.
type salt struct {
	mu     sync.Mutex
	tokens map[string]eauth.Token
	made   int
	looked int
	atOnce int
	most   int // the maximum number of concurrent lookups
	remote bool
	slow   time.Duration // of every lookup
	err    error         // of every lookup
}

var (
	_ session.Tokens = (*salt)(nil)
	_ mint.Store     = (*salt)(nil)
	_ master.Master  = (*salt)(nil)
	_ token.Store    = (*salt)(nil)
)

func (s *salt) Check(context.Context) error { return nil }

func (s *salt) Write(_ context.Context, user, module string, groups []string, asked time.Duration) (eauth.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made++
	now := time.Now()
	t := eauth.Token{
		Value: fmt.Sprintf("%064x", s.made), User: user, Eauth: module, Groups: groups,
		Start: now, Expire: now.Add(cmp.Or(asked, life)),
	}
	if s.tokens == nil {
		s.tokens = map[string]eauth.Token{}
	}
	s.tokens[t.Value] = t
	return t, nil
}

func (s *salt) MakeToken(
	ctx context.Context, module, user, password string, asked time.Duration,
) (eauth.Token, bool, error) {
	if password != "wonderland" {
		return eauth.Token{}, false, nil
	}
	t, err := s.Write(ctx, user, module, []string{"ops", "dev"}, asked)
	return t, err == nil, err
}

func (s *salt) RemoveToken(ctx context.Context, token string) error { return s.Remove(ctx, token) }

func (s *salt) Remove(_ context.Context, token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.remote {
		return fmt.Errorf("unlink /tokens/%s: %w", token, errNoAccess)
	}
	delete(s.tokens, token)
	return nil
}

func (s *salt) RemoveHashed(ctx context.Context, sum [sha256.Size]byte) error {
	for t := range s.all() {
		if sha256.Sum256([]byte(t)) == sum {
			return s.Remove(ctx, t)
		}
	}
	return nil
}

func (s *salt) LookupToken(ctx context.Context, value string) (eauth.Token, bool, error) {
	s.mu.Lock()
	s.looked++
	s.atOnce++
	s.most = max(s.most, s.atOnce)
	slow := s.slow
	s.mu.Unlock()
	if slow > 0 {
		select {
		case <-time.After(slow):
		case <-ctx.Done():
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.atOnce--
	if err := cmp.Or(ctx.Err(), s.err); err != nil {
		return eauth.Token{}, false, err
	}
	t, ok := s.tokens[value]
	return t, ok, nil
}

func (s *salt) Local() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.remote
}

// set changes the master.
func (s *salt) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// all is a copy of the tokens.
func (s *salt) all() map[string]eauth.Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.tokens)
}

func (s *salt) lookups() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.looked
}

// counting counts the calls of a store, and can fail.
type counting struct {
	session.Store
	mu    sync.Mutex
	asked int
	err   error
}

func (c *counting) Get(ctx context.Context, key session.Hash) (session.Record, bool, error) {
	if err := c.count(); err != nil {
		return session.Record{}, false, err
	}
	return c.Store.Get(ctx, key)
}

func (c *counting) Denied(ctx context.Context, token session.Hash) (bool, error) {
	if err := c.count(); err != nil {
		return false, err
	}
	return c.Store.Denied(ctx, token)
}

func (c *counting) Put(ctx context.Context, r session.Record, most int) ([]session.Record, error) {
	if err := c.count(); err != nil {
		return nil, err
	}
	return c.Store.Put(ctx, r, most)
}

func (c *counting) End(ctx context.Context, token session.Hash, until time.Time, most int) error {
	if err := c.count(); err != nil {
		return err
	}
	return c.Store.End(ctx, token, until, most)
}

func (c *counting) count() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	return c.err
}

// pam is a fake of that backend, and grants through a mint.
type pam struct{ mint *mint.Mint }

func (p pam) Authenticate(ctx context.Context, c eauth.Credentials) (eauth.Identity, bool, error) {
	if c.Password != "wonderland" {
		return eauth.Identity{}, false, nil
	}
	g, err := p.mint.Grant(ctx, c.Username, c.Eauth, []string{"wheel"})
	return eauth.Identity{User: c.Username, Eauth: c.Eauth, Groups: []string{"wheel"}, Grant: g}, err == nil, err
}

// setup is the service with all its parts.
type setup struct {
	*session.Sessions
	salt  *salt
	mint  *mint.Mint
	auth  *eauth.Authenticator
	store *counting
	log   *eauthtest.Log
}

func newSetup(t *testing.T, change func(*session.Options)) *setup {
	t.Helper()
	return (&setup{salt: &salt{}, store: &counting{Store: memory.New()}}).start(t, change)
}

// start starts the service, or restarts it with the stored data.
func (s *setup) start(t *testing.T, change func(*session.Options)) *setup {
	t.Helper()
	n := &setup{salt: s.salt, store: s.store, log: &eauthtest.Log{}, mint: mint.New(s.salt, mint.Options{})}
	n.auth = eauth.New(eauth.Options{
		Eauths: []string{"pam", "ldap"}, HashType: "sha256",
		Token: token.New(n.salt), Master: master.New(n.salt, master.Options{}), PAM: pam{n.mint},
	})
	o := session.Options{Store: n.store, Auth: n.auth, Tokens: n.salt, Logger: n.log.Logger()}
	if change != nil {
		change(&o)
	}
	n.Sessions = session.New(o)
	t.Cleanup(n.Close)
	return n
}

func creds(module, user string) eauth.Credentials {
	return eauth.Credentials{Eauth: module, Username: user, Password: "wonderland"}
}

func (s *setup) login(t *testing.T, module, user string) *session.Session {
	t.Helper()
	sess, ok, err := s.Login(t.Context(), creds(module, user))
	require.NoError(t, err)
	require.True(t, ok)
	return sess
}

func (s *setup) requireGood(t *testing.T, credential string) *session.Session {
	t.Helper()
	sess, ok, err := s.Resolve(t.Context(), credential)
	require.NoError(t, err)
	require.True(t, ok)
	return sess
}

func (s *setup) requireRefused(t *testing.T, credential string) {
	t.Helper()
	sess, ok, err := s.Resolve(t.Context(), credential)
	require.NoError(t, err)
	require.False(t, ok)
	require.Nil(t, sess)
}

// chunk reports whether a chunk with this token would be authenticated.
func (s *setup) chunk(t *testing.T, token string) bool {
	t.Helper()
	request := s.auth.NewRequestAuth()
	defer request.Release(t.Context())
	_, ok, err := request.Authenticate(t.Context(), eauth.Credentials{Token: token})
	require.NoError(t, err)
	return ok
}

func noSuchToken() string { return strings.Repeat("ab", 32) }
