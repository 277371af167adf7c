package mint_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/mint"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const life = 12 * time.Hour // Salt's token_expire

// store keeps tokens in memory; tests set its delays and errors.
type store struct {
	slow time.Duration // how long every call takes
	life time.Duration // of a token; life when 0

	mu        sync.Mutex
	tokens    map[string]string // value to user and groups
	writes    int
	checks    int
	most      int // the maximum number of tokens there were
	checkErr  error
	writeErr  error
	removeErr error
	twice     bool // a token was removed that was not there
}

var _ mint.Store = (*store)(nil)

func (s *store) wait(ctx context.Context) error {
	if s.slow == 0 {
		return ctx.Err()
	}
	select {
	case <-time.After(s.slow):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *store) Check(ctx context.Context) error {
	s.mu.Lock()
	s.checks++
	err := s.checkErr // the result of the master's check
	s.mu.Unlock()
	if e := s.wait(ctx); e != nil {
		return e
	}
	return err
}

func (s *store) Write(ctx context.Context, user, module string, groups []string, asked time.Duration) (eauth.Token, error) {
	if err := s.wait(ctx); err != nil {
		return eauth.Token{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	token := fmt.Sprintf("%064x", s.writes)
	if s.tokens == nil {
		s.tokens = map[string]string{}
	}
	s.tokens[token] = fmt.Sprint(user, "/", module, groups)
	s.most = max(s.most, len(s.tokens))
	if s.writeErr != nil {
		return eauth.Token{Value: token}, fmt.Errorf("rename /tokens/%s.tmp: %w", token, s.writeErr)
	}
	now := time.Now()
	return eauth.Token{
		Value: token, User: user, Eauth: module, Groups: groups,
		Start: now, Expire: now.Add(cmp.Or(asked, s.life, life)),
	}, nil
}

func (s *store) Remove(ctx context.Context, token string) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.removeErr != nil {
		return fmt.Errorf("remove /tokens/%s: %w", token, s.removeErr)
	}
	if _, ok := s.tokens[token]; !ok {
		s.twice = true
	}
	delete(s.tokens, token)
	return nil
}

// set changes the store under its lock.
func (s *store) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// owners lists the users that have tokens.
func (s *store) owners() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	owners := []string{}
	for _, o := range s.tokens {
		owners = append(owners, o)
	}
	slices.Sort(owners)
	return owners
}

func (s *store) written() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writes
}

func (s *store) has(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.tokens[token]
	return ok
}
