package eauthtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
)

// Fixture is a new backend and the facts that the suite needs about it.
type Fixture struct {
	Backend eauth.Backend
	Right   eauth.Credentials            // credentials that are right
	User    string                       // the name that they stand for
	Eauth   string                       // the module that authenticates it
	Wrong   map[string]eauth.Credentials // what else must be wrong, by a name for it

	Log    *Log       // the backend's log; nil when it has none
	Asked  func() int // how often the service behind the backend was called; nil when unknown
	Tokens func() int // how many tokens made for this test exist; nil when none are made

	// Lasting is how many of those outlive the release of every grant.
	Lasting int
}

// RunBackend runs the suite. newFixture is called for every part of it.
func RunBackend(t *testing.T, newFixture func(t *testing.T) Fixture) {
	t.Helper()
	for name, part := range map[string]func(*testing.T, Fixture){
		"right":       testRight,
		"wrong":       testWrong,
		"malformed":   testMalformed,
		"canceled":    testCanceled,
		"concurrency": testConcurrency,
		"secrets":     testSecrets,
	} {
		t.Run(name, func(t *testing.T) { part(t, newFixture(t)) })
	}
}

func testRight(t *testing.T, f Fixture) {
	ctx := t.Context()
	id := f.login(t, f.Right)

	token, err := id.Grant.Token(ctx)
	require.NoError(t, err)
	require.NotEmpty(t, token)
	again, err := id.Grant.Token(ctx)
	require.NoError(t, err)
	require.Equal(t, token, again, "a grant keeps its token")

	other, err := id.Grant.Renew(ctx, token)
	if err == nil {
		require.NotEqual(t, token, other, "a renewed token is another one")
	} else {
		require.ErrorIs(t, err, eauth.ErrNoToken)
	}

	ended, cancel := context.WithCancel(ctx)
	cancel()
	id.Grant.Release(ended)
	id.Grant.Release(ctx) // releasing again does nothing
	f.requireNoTrail(t)

	f.login(t, f.Right).Grant.Release(ctx)
	f.requireNoTrail(t)
}

func testWrong(t *testing.T, f Fixture) {
	wrong := map[string]eauth.Credentials{}
	if f.Right.Token == "" {
		c := f.Right
		c.Password += "x"
		wrong["password"] = c
		c = f.Right
		c.Username = "nobody-of-that-name"
		wrong["user"] = c
		c = f.Right
		c.Password = ""
		wrong["empty password"] = c
		wrong["a token instead"] = eauth.Credentials{Token: strings.Repeat("ab", 32)}
	} else {
		wrong["token"] = eauth.Credentials{Token: strings.Repeat("ab", 32)}
		wrong["a password instead"] = eauth.Credentials{Username: "alice", Password: "x", Eauth: "pam"}
	}
	maps.Copy(wrong, f.Wrong)
	for name, c := range wrong {
		t.Run(name, func(t *testing.T) { f.requireWrong(t, c) })
	}
	f.requireNoTrail(t)
}

func testMalformed(t *testing.T, f Fixture) {
	before := 0
	if f.Asked != nil {
		before = f.Asked()
	}
	for name, c := range Malformed(f.Right) {
		t.Run(name, func(t *testing.T) {
			require.Error(t, c.Check())
			f.requireWrong(t, c)
		})
	}
	if f.Asked != nil {
		require.Equal(t, before, f.Asked(), "nobody may be asked about credentials that cannot be right")
	}
}

// Malformed returns variants of right credentials that cannot be right and for
// which no backend may be called.
func Malformed(right eauth.Credentials) map[string]eauth.Credentials {
	bad := map[string]eauth.Credentials{
		"nothing":            {},
		"token with NUL":     {Token: strings.Repeat("a", 31) + "\x00"},
		"token is a path":    {Token: "../../../../etc/passwd"},
		"token has a space":  {Token: strings.Repeat("a", 63) + " "},
		"token is too long":  {Token: strings.Repeat("a", 129)},
		"token is not ASCII": {Token: strings.Repeat("a", 62) + "ä"},
	}
	if right.Token != "" {
		bad["token cut by NUL"] = eauth.Credentials{Token: right.Token + "\x00"}
		return bad
	}
	add := func(name, user, password string) {
		c := right
		c.Username, c.Password = user, password
		bad[name] = c
	}
	long := strings.Repeat("a", eauth.MaxCredential+1)
	add("empty user", "", right.Password)
	add("user with NUL", right.Username+"\x00root", right.Password)
	add("password with NUL", right.Username, right.Password+"\x00junk")
	add("user with a line break", right.Username+"\n", right.Password)
	add("user with an escape", "\x1b[2J"+right.Username, right.Password)
	add("user with an invisible mark", right.Username+"\u200e", right.Password)
	add("user with a line separator", right.Username+"\u2028", right.Password)
	add("user is not UTF-8", right.Username+"\xff", right.Password)
	add("password is not UTF-8", right.Username, right.Password+"\xff")
	add("user too long", long, right.Password)
	add("password too long", right.Username, long)
	return bad
}

func testCanceled(t *testing.T, f Fixture) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, ok, err := f.Backend.Authenticate(ctx, f.Right)
	require.False(t, ok)
	require.ErrorIs(t, err, context.Canceled)
	f.requireNoTrail(t)
}

func testConcurrency(t *testing.T, f Fixture) {
	f.login(t, f.Right).Grant.Release(t.Context())

	const callers = 16
	var wg sync.WaitGroup
	errs := make(chan error, callers)
	for i := range callers {
		wg.Go(func() { errs <- f.oneOfMany(t.Context(), i) })
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	f.requireNoTrail(t)
}

// oneOfMany uses right credentials in three of four cases.
func (f Fixture) oneOfMany(ctx context.Context, i int) error {
	c, right := f.Right, i%4 != 0
	if !right && c.Token != "" {
		c.Token = strings.Repeat("ab", 32)
	} else if !right {
		c.Password += fmt.Sprint("x", i)
	}
	c.RemoteAddr = netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})
	id, ok, err := f.Backend.Authenticate(ctx, c)
	switch {
	case err != nil:
		return err
	case ok != right:
		return fmt.Errorf("caller %d: ok is %v", i, ok)
	case !ok:
		return nil
	}
	defer id.Grant.Release(ctx)
	if id.User != f.User {
		return errors.New("a caller got the name of another")
	}
	_, err = id.Grant.Token(ctx)
	return err
}

func testSecrets(t *testing.T, f Fixture) {
	ctx := t.Context()
	secrets := []string{f.Right.Password, f.Right.Token, "not-the-password"}

	wrong := f.Right
	if wrong.Token == "" {
		wrong.Password = "not-the-password"
	}
	var told strings.Builder
	for _, c := range []eauth.Credentials{f.Right, wrong} {
		id, ok, err := f.Backend.Authenticate(ctx, c)
		fmt.Fprintf(&told, "%v %+v %#v %v ", c, c, c, err)
		if !ok {
			continue
		}
		fmt.Fprintf(&told, "%v %+v %#v ", id, id, id)
		token, err := id.Grant.Token(ctx)
		require.NoError(t, err)
		secrets = append(secrets, token)
		_, err = id.Grant.Renew(ctx, token)
		fmt.Fprint(&told, err)
		id.Grant.Release(ctx)
	}
	if f.Log != nil {
		f.Log.Logger().Info("credentials", slog.Any("c", f.Right))
		told.WriteString(f.Log.String())
	}
	for _, s := range secrets {
		if s != "" {
			require.NotContains(t, told.String(), s)
		}
	}
}

// login authenticates and expects success.
func (f Fixture) login(t *testing.T, c eauth.Credentials) eauth.Identity {
	t.Helper()
	id, ok, err := f.Backend.Authenticate(t.Context(), c)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, f.User, id.User)
	require.Equal(t, f.Eauth, id.Eauth)
	require.NotNil(t, id.Grant)
	return id
}

func (f Fixture) requireWrong(t *testing.T, c eauth.Credentials) {
	t.Helper()
	id, ok, err := f.Backend.Authenticate(t.Context(), c)
	require.NoError(t, err)
	require.False(t, ok)
	require.Zero(t, id)
}

func (f Fixture) requireNoTrail(t *testing.T) {
	t.Helper()
	if f.Tokens != nil {
		require.LessOrEqual(t, f.Tokens(), f.Lasting, "tokens were left behind")
	}
}
