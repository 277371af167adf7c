package eauth_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/eauthtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// backend returns fixed results, and counts calls.
type backend struct {
	name  string
	eauth string // of the identities; the caller's when empty
	err   error

	mu             sync.Mutex
	asked, granted int
}

func (b *backend) Authenticate(_ context.Context, c eauth.Credentials) (eauth.Identity, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	if b.err != nil || c.Password == "wrong" {
		return eauth.Identity{}, false, b.err
	}
	b.granted++
	id := eauth.Identity{User: b.name, Eauth: c.Eauth, Grant: &grant{b}}
	if b.eauth != "" {
		id.Eauth = b.eauth
	}
	return id, true, nil
}

type grant struct{ b *backend }

func (g *grant) Token(context.Context) (string, error)         { return g.b.name, nil }
func (g *grant) Renew(context.Context, string) (string, error) { return "", eauth.ErrNoToken }
func (*grant) Exposed(string)                                  {}
func (g *grant) Release(context.Context) {
	g.b.mu.Lock()
	defer g.b.mu.Unlock()
	g.b.granted--
}

// setup is an authenticator with backends that are recognized by the user name
// they return.
type setup struct {
	token, pam, master *backend
	usable             bool
	usableErr          error
	log                eauthtest.Log
	*eauth.Authenticator
}

func newSetup(change func(*eauth.Options)) *setup {
	s := &setup{
		token:  &backend{name: "token", eauth: "ldap"},
		pam:    &backend{name: "pam"},
		master: &backend{name: "master"},
		usable: true,
	}
	o := eauth.Options{
		Eauths: []string{"pam", "ldap"}, HashType: "sha256",
		Token: s.token, PAM: s.pam, Master: s.master,
		PAMUsable: func(context.Context) (bool, error) { return s.usable, s.usableErr },
		Logger:    s.log.Logger(),
	}
	if change != nil {
		change(&o)
	}
	s.Authenticator = eauth.New(o)
	return s
}

// login is one request with one chunk.
func (s *setup) login(t *testing.T, c eauth.Credentials) (user string) {
	t.Helper()
	session := s.NewRequestAuth()
	defer session.Release(t.Context())
	id, ok, err := session.Authenticate(t.Context(), c)
	require.NoError(t, err)
	if !ok {
		return "refused"
	}
	return id.User
}

func (s *setup) asked() int { return s.token.asked + s.pam.asked + s.master.asked }

func creds(module string) eauth.Credentials {
	return eauth.Credentials{Eauth: module, Username: "alice", Password: "secret"}
}

var goodToken = strings.Repeat("0a", 32)

func TestWhoIsAsked(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		c      eauth.Credentials
		change func(*eauth.Options)
		want   string
	}{
		"token":                   {eauth.Credentials{Token: goodToken}, nil, "token"},
		"token beats password":    {eauth.Credentials{Token: goodToken, Eauth: "pam", Username: "alice"}, nil, "token"},
		"token of another length": {eauth.Credentials{Token: goodToken[:40]}, nil, "refused"},
		"token that is a path":    {eauth.Credentials{Token: "../" + goodToken[3:]}, nil, "refused"},
		"pam":                     {creds("pam"), nil, "pam"},
		"pam, no PAM here":        {creds("pam"), func(o *eauth.Options) { o.PAM = nil }, "master"},
		"pam, always usable":      {creds("pam"), func(o *eauth.Options) { o.PAMUsable = nil }, "pam"},
		"another eauth":           {creds("ldap"), nil, "master"},
		"an eauth not configured": {creds("auto"), nil, "refused"},
		"pam not configured":      {creds("pam"), func(o *eauth.Options) { o.Eauths = []string{"ldap"} }, "refused"},
		"no eauth":                {creds(""), nil, "refused"},
		"nothing":                 {eauth.Credentials{}, nil, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetup(tc.change)
			require.Equal(t, tc.want, s.login(t, tc.c))
			if tc.want == "refused" {
				require.Zero(t, s.asked())
			} else {
				require.Equal(t, 1, s.asked())
			}
		})
	}
}

func TestMalformedCredentialsReachNobody(t *testing.T) {
	t.Parallel()
	s := newSetup(nil)
	for name, c := range eauthtest.Malformed(creds("pam")) {
		require.Equal(t, "refused", s.login(t, c), name)
	}
	require.Zero(t, s.asked())
}

func TestATokenOfAnEauthThatIsGone(t *testing.T) {
	t.Parallel()
	s := newSetup(nil)
	s.token.eauth = "file"
	require.Equal(t, "refused", s.login(t, eauth.Credentials{Token: goodToken}))
	require.Equal(t, 1, s.token.asked)
	require.Zero(t, s.token.granted)
}

func TestPAMFallsBackToTheMaster(t *testing.T) {
	t.Parallel()
	s := newSetup(nil)
	s.usableErr = eauth.ErrUnavailable
	require.Equal(t, "master", s.login(t, creds("pam")), "the master can tell, whatever we know")

	s.usableErr, s.usable = nil, false
	for range 5 {
		require.Equal(t, "master", s.login(t, creds("pam")))
	}
	require.Equal(t, 1, strings.Count(s.log.String(), "checked by the master"), "said once")

	s.usable = true
	for range 5 {
		require.Equal(t, "pam", s.login(t, creds("pam")))
	}
	require.Equal(t, 1, strings.Count(s.log.String(), "checked by the gateway"))

	s.usable = false
	require.Equal(t, "master", s.login(t, creds("pam")))
	require.Equal(t, 2, strings.Count(s.log.String(), "checked by the master"), "each change is said")
}

func TestARequestIsOneAuthentication(t *testing.T) {
	t.Parallel()
	s := newSetup(nil)
	session := s.NewRequestAuth()

	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if id, ok, err := session.Authenticate(t.Context(), creds("pam")); !ok || err != nil || id.User != "pam" {
				t.Errorf("%v %v %v", id, ok, err)
			}
		})
	}
	wg.Wait()
	other := creds("pam")
	other.Password = "other"
	_, ok, err := session.Authenticate(t.Context(), other)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, 2, s.pam.asked, "equal credentials are checked once")
	require.Equal(t, 2, s.pam.granted)

	session.Release(t.Context())
	session.Release(t.Context())
	require.Zero(t, s.pam.granted)

	require.Equal(t, "pam", s.login(t, creds("pam")))
	require.Equal(t, 3, s.pam.asked, "the next request is checked afresh")
}

func TestAWrongPasswordIsOneAttemptToo(t *testing.T) {
	t.Parallel()
	s := newSetup(nil)
	session := s.NewRequestAuth()
	defer session.Release(t.Context())
	wrong := creds("pam")
	wrong.Password = "wrong"
	for range 10 {
		_, ok, err := session.Authenticate(t.Context(), wrong)
		require.NoError(t, err)
		require.False(t, ok)
	}
	require.Equal(t, 1, s.pam.asked)
}

func TestErrorsPassThrough(t *testing.T) {
	t.Parallel()
	s := newSetup(nil)
	for name, b := range map[string]*backend{"pam": s.pam, "ldap": s.master} {
		b.err = fmt.Errorf("%s: %w", name, eauth.ErrBusy)
		session := s.NewRequestAuth()
		for range 2 {
			_, ok, err := session.Authenticate(t.Context(), creds(name))
			require.False(t, ok)
			require.ErrorIs(t, err, eauth.ErrBusy)
		}
		require.Equal(t, 1, b.asked)
		session.Release(t.Context())
	}

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("the client hung up"))
	session := s.NewRequestAuth()
	defer session.Release(ctx)
	_, ok, err := session.Authenticate(ctx, eauth.Credentials{Token: goodToken})
	require.False(t, ok)
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, s.token.asked)
}

// The refusal of an unknown module takes as long as that of a wrong password.
func TestUnknownEauthTakesItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := eauth.New(eauth.Options{Eauths: []string{"pam"}, HashType: "sha256", UnknownDelay: time.Second})
		s := a.NewRequestAuth()
		start := time.Now()
		_, ok, err := s.Authenticate(t.Context(), eauth.Credentials{Eauth: "nope", Username: "u", Password: "p"})
		require.NoError(t, err)
		require.False(t, ok)
		require.Equal(t, time.Second, time.Since(start), "of the test's own clock")

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, ok, err = a.NewRequestAuth().Authenticate(ctx, eauth.Credentials{Eauth: "nope", Username: "u", Password: "p"})
		require.ErrorIs(t, err, context.Canceled)
		require.False(t, ok)
	})
}
