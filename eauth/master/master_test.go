package master_test

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/admission"
	"github.com/saltern-api/saltern/eauth/eauthtest"
	"github.com/saltern-api/saltern/eauth/guard"
	"github.com/saltern-api/saltern/eauth/master"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var alice = eauth.Credentials{Eauth: "ldap", Username: "alice", Password: "wonderland"}

// salt is a fake master with the user alice.
type salt struct {
	slow      time.Duration // how long every authentication takes
	err       error
	nameless  bool
	removeErr error

	mu     sync.Mutex
	asked  int
	tokens map[string]bool
}

func (s *salt) MakeToken(
	ctx context.Context, module, user, password string, life time.Duration,
) (eauth.Token, bool, error) {
	s.mu.Lock()
	s.asked++
	token := fmt.Sprintf("%064x", s.asked)
	s.mu.Unlock()
	if s.slow > 0 {
		select {
		case <-time.After(s.slow):
		case <-ctx.Done():
			return eauth.Token{}, false, ctx.Err()
		}
	}
	if s.err != nil {
		return eauth.Token{}, false, s.err
	}
	if module != "ldap" || user != "alice" || password != "wonderland" {
		return eauth.Token{}, false, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tokens == nil {
		s.tokens = map[string]bool{}
	}
	s.tokens[token] = true
	made := eauth.Token{Value: token, User: "alice", Groups: []string{"ops"}, Expire: time.Now().Add(max(life, time.Minute))}
	if s.nameless {
		made.User = ""
	}
	return made, true, nil
}

func (s *salt) RemoveToken(ctx context.Context, token string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tokens, token)
	if s.removeErr != nil {
		return fmt.Errorf("remove /tokens/%s: %w", token, s.removeErr)
	}
	return nil
}

func (s *salt) count() (asked, tokens int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked, len(s.tokens)
}

func TestConformance(t *testing.T) {
	t.Parallel()
	eauthtest.RunBackend(t, func(*testing.T) eauthtest.Fixture {
		s := &salt{}
		log := &eauthtest.Log{}
		return eauthtest.Fixture{
			Backend: master.New(s, master.Options{Logger: log.Logger()}),
			Right:   alice,
			User:    "alice",
			Eauth:   "ldap",
			Log:     log,
			Asked:   func() int { asked, _ := s.count(); return asked },
			Tokens:  func() int { _, tokens := s.count(); return tokens },
		}
	})
}

// If a caller leaves while the master makes the token, the token is removed.
func TestATokenThatComesTooLateIsTakenBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &salt{slow: time.Minute - time.Second}
		b := master.New(s, master.Options{})

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, ok, err := b.Authenticate(ctx, alice)
		require.False(t, ok)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(start))

		time.Sleep(time.Minute)
		asked, tokens := s.count()
		require.Equal(t, 1, asked)
		require.Zero(t, tokens)
	})
}

func TestAMasterThatHangsIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := master.New(&salt{slow: time.Hour}, master.Options{Guard: guard.Options{Timeout: 10 * time.Second}})
		start := time.Now()
		_, ok, err := b.Authenticate(t.Context(), alice)
		require.False(t, ok)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 10*time.Second, time.Since(start))
	})
}

func TestGuessesLeaveWorkersFree(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &salt{slow: time.Second}
		b := master.New(s, master.Options{})
		for i := range 20 {
			go func() {
				_, _, _ = b.Authenticate(t.Context(), eauth.Credentials{
					Eauth: "ldap", Username: fmt.Sprint("guess", i), RemoteAddr: netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}),
				})
			}()
		}
		synctest.Wait()
		asked, _ := s.count()
		require.Equal(t, master.DefaultOthers, asked)
		time.Sleep(time.Minute)
	})
}

func TestATokenToKeep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &salt{}
		c := alice
		c.TokenExpire = time.Hour
		id, ok, err := master.New(s, master.Options{}).Authenticate(t.Context(), c)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, []string{"ops"}, id.Groups)

		kept, err := id.Grant.(eauth.Keeper).Keep(t.Context(), c.TokenExpire)
		require.NoError(t, err)
		require.Equal(t, eauth.Token{
			Value: fmt.Sprintf("%064x", 1), User: "alice", Eauth: "ldap", Groups: []string{"ops"}, Expire: time.Now().Add(time.Hour),
		}, kept)
		id.Grant.Release(t.Context())
		_, tokens := s.count()
		require.Equal(t, 1, tokens, "it outlives the request")
		_, err = id.Grant.(eauth.Keeper).Keep(t.Context(), 0)
		require.Error(t, err)
	})
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		salt *salt
		want string
	}{
		"no master":     {&salt{err: eauth.ErrUnavailable}, eauth.ErrUnavailable.Error()},
		"yes to no one": {&salt{nameless: true}, "without a name"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, ok, err := master.New(tc.salt, master.Options{}).Authenticate(t.Context(), alice)
			require.False(t, ok)
			require.ErrorContains(t, err, tc.want)
			_, tokens := tc.salt.count()
			require.Zero(t, tokens)
		})
	}
}

func TestATokenThatStaysIsLogged(t *testing.T) {
	t.Parallel()
	log := &eauthtest.Log{}
	s := &salt{removeErr: eauth.ErrUnavailable}
	b := master.New(s, master.Options{Logger: log.Logger(), Guard: guard.Options{Admission: admission.Options{KnownGood: 1}}})

	id, ok, err := b.Authenticate(t.Context(), alice)
	require.NoError(t, err)
	require.True(t, ok)
	token, err := id.Grant.Token(t.Context())
	require.NoError(t, err)

	id.Grant.Release(t.Context())
	require.Contains(t, log.String(), "could not be taken back")
	require.NotContains(t, log.String(), token)
}
