package saltmaster

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/reqpool"
)

// wire is a Requester made of a function.
type wire func(ctx context.Context, payload []byte) ([]byte, error)

func (w wire) Request(ctx context.Context, payload []byte) ([]byte, error) { return w(ctx, payload) }

// packed makes msgpack of JSON.
func packed(t testing.TB, js string) []byte {
	t.Helper()
	b, err := msgpack.AppendFromJSON(nil, []byte(js))
	require.NoError(t, err)
	return b
}

func printed(t testing.TB, b []byte) string {
	t.Helper()
	j, err := msgpack.AppendJSON(nil, b)
	require.NoError(t, err)
	return string(j)
}

// exchange returns a client whose master answers js to everything, and where
// to find what it was sent.
func exchange(t testing.TB, js string) (*Client, *string) {
	var sent string
	c := New(wire(func(_ context.Context, p []byte) ([]byte, error) {
		sent = printed(t, p)
		return packed(t, js), nil
	}), Options{User: "salt"})
	t.Cleanup(c.Close)
	return c, &sent
}

func TestRequestsOnTheWire(t *testing.T) {
	t.Parallel()
	one := msgpack.AppendArray(nil, 0)
	for name, tc := range map[string]struct {
		answer string
		call   func(c *Client) error
		want   string
	}{
		"ping": {
			`{"cmd": "ping"}`,
			func(c *Client) error { return c.Ping(t.Context()) },
			`{"enc": "clear", "version": 3, "load": {"cmd": "ping"}}`,
		},
		"get_token": {
			`{}`,
			func(c *Client) error { _, _, err := c.GetToken(t.Context(), "abc"); return err },
			`{"enc": "clear", "version": 3, "load": {"cmd": "get_token", "token": "abc"}}`,
		},
		"mk_token": {
			`""`,
			func(c *Client) error { _, _, err := c.MakeToken(t.Context(), "ldap", "u", "p"); return err },
			`{"enc": "clear", "version": 3, "load": {"cmd": "mk_token", "eauth": "ldap", "username": "u", "password": "p"}}`,
		},
		"publish": {
			`{"enc": "clear", "load": {"jid": "1", "minions": ["a"], "missing": []}}`,
			func(c *Client) error {
				_, err := c.Publish(t.Context(), Publication{
					Tgt: msgpack.AppendString(nil, "*"), TgtType: "glob", Fun: "test.ping", Arg: one,
					JID: "20200101000000000000", Token: "abc",
					Extra: []Extra{{"metadata", msgpack.AppendBool(nil, true)}},
				})
				return err
			},
			`{"enc": "clear", "version": 3, "load": {"cmd": "publish", "tgt": "*", "tgt_type": "glob", "fun": "test.ping", ` +
				`"arg": [], "ret": "", "jid": "20200101000000000000", "user": "salt", "kwargs": {"token": "abc", "metadata": true}}}`,
		},
		"runner": {
			`{"tag": "salt/run/1", "jid": "1"}`,
			func(c *Client) error {
				_, err := c.Runner(t.Context(), RunnerCall{
					Fun: "test.arg", Arg: one, Kwarg: msgpack.AppendMap(nil, 0), Token: "abc",
				})
				return err
			},
			`{"enc": "clear", "version": 3, "load": {"cmd": "runner", "fun": "test.arg", "kwarg": {"arg": [], "kwarg": {}}, "token": "abc"}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, sent := exchange(t, tc.answer)
			require.NoError(t, tc.call(c))
			require.Equal(t, tc.want, *sent)
		})
	}
}

func TestAnswersOfTheMaster(t *testing.T) {
	t.Parallel()
	refused := func(name, message string) error { return &RefusedError{Name: name, Message: message} }
	for answer, want := range map[string]error{
		`""`:         ErrUnauthenticated,
		`"bad load"`: refused("", "bad load"),
		`{"error": {"name": "AuthenticationError", "message": "Authentication error occurred."}}`:                                          ErrUnauthenticated,
		`{"error": {"name": "AuthorizationError", "message": "Authorization error occurred."}}`:                                            ErrUnauthorized,
		`{"error": {"name": "TokenAuthenticationError", "message": "Authentication failure of type \"token\" occurred."}}`:                 ErrUnauthenticated,
		`{"error": {"name": "TokenAuthenticationError", "message": "Authentication failure of type \"token\" occurred for user saltro."}}`: ErrUnauthorized,
		`{"error": {"name": "EauthAuthenticationError", "message": "Authentication failure of type \"eauth\" occurred for user bench."}}`:  ErrUnauthorized,
		`{"error": {"name": "SaltInvocationError", "message": "A command invocation error occurred: Check syntax.", "args": []}}`:          refused("SaltInvocationError", "A command invocation error occurred: Check syntax."),
		`{"error": "Routing error"}`:                                      refused("", "Routing error"),
		`{"enc": "clear", "load": {"ret": false, "cluster_retry": true}}`: ErrDown,
		`{"enc": "clear"}`:                                                ErrProtocol,
		`true`:                                                            ErrProtocol,
		`[]`:                                                              ErrProtocol,
	} {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			c, _ := exchange(t, answer)
			_, err := c.Publish(t.Context(), Publication{Tgt: packed(t, `"*"`), Arg: packed(t, `[]`)})
			if r, ok := errors.AsType[*RefusedError](want); ok {
				require.Equal(t, r, err)
				return
			}
			require.ErrorIs(t, err, want)
		})
	}
}

func TestBytesThatAreNotMsgpack(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "c1", "ddffffffff", "82a16101", "c0c0"} {
		b, err := hex.DecodeString(text)
		require.NoError(t, err)
		c := New(wire(func(context.Context, []byte) ([]byte, error) { return b, nil }), Options{})
		require.ErrorIs(t, c.Ping(t.Context()), ErrProtocol, text)
		c.Close()
	}
}

func TestPublishedWithoutMinions(t *testing.T) {
	t.Parallel()
	c, _ := exchange(t, `{"enc": "clear", "load": {"jid": null, "minions": [], "error": "Master could not resolve minions for target zz"}}`)
	p, err := c.Publish(t.Context(), Publication{Tgt: packed(t, `"zz"`), Arg: packed(t, `[]`)})
	require.NoError(t, err)
	require.Empty(t, p.JID)
}

func TestTokenOfTheMaster(t *testing.T) {
	t.Parallel()
	c, _ := exchange(t, `{"start": 1795363183.5, "expire": 1795406383.5, "name": "bench", "eauth": "sharedsecret", "groups": ["a", "b"], "token": "eb10"}`)
	got, ok, err := c.GetToken(t.Context(), "eb10")
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, Token{
		Token: "eb10", User: "bench", Eauth: "sharedsecret", Groups: []string{"a", "b"},
		Start: time.UnixMilli(1795363183500), Expire: time.UnixMilli(1795406383500),
	}, got)
}

func TestFailuresOfTheWire(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, tc := range map[string]struct{ err, want error }{
		"not sent": {&reqpool.Error{Op: "dial", Err: broken}, ErrDown},
		"sent":     {&reqpool.Error{Op: "read", Sent: true, Err: broken}, ErrLost},
		"closed":   {reqpool.ErrClosed, ErrLost},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := New(wire(func(context.Context, []byte) ([]byte, error) { return nil, tc.err }), Options{})
			defer c.Close()
			require.ErrorIs(t, c.Ping(t.Context()), tc.want)
		})
	}
}

func TestCallerGivesUp(t *testing.T) {
	t.Parallel()
	c := New(wire(waitForever), Options{})
	defer c.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := c.Ping(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, ErrTimeout)
}

func waitForever(ctx context.Context, _ []byte) ([]byte, error) {
	<-ctx.Done()
	return nil, &reqpool.Error{Op: "read", Sent: true, Err: ctx.Err()}
}

// After one request timed out, others fail at once until a ping is answered.
func TestSilentMaster(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var answers atomic.Bool
		c := New(wire(func(ctx context.Context, p []byte) ([]byte, error) {
			if !answers.Load() {
				return waitForever(ctx, p)
			}
			return packed(t, `{"cmd": "ping"}`), nil
		}), Options{Timeout: 30 * time.Second})
		defer c.Close()

		start := time.Now()
		require.ErrorIs(t, c.Ping(t.Context()), ErrTimeout)
		require.Equal(t, 30*time.Second, time.Since(start))

		require.ErrorIs(t, c.Ping(t.Context()), ErrDown)
		require.Equal(t, 30*time.Second, time.Since(start), "no more waiting")

		answers.Store(true)
		time.Sleep(probeEvery + probeTimeout)
		synctest.Wait()
		require.NoError(t, c.Ping(t.Context()))
	})
}

func TestJIDs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var jids JIDs
		now := time.Now().UTC()
		first := jids.Next()
		require.Equal(t, now.Format("20060102150405")+fmt.Sprintf("%06d", now.Nanosecond()/1000), first)
		last := first
		for range 1000 {
			next := jids.Next()
			require.True(t, IsJID(next))
			require.Greater(t, next, last)
			last = next
		}
	})
	for s, want := range map[string]bool{
		"20261122133409055051": true, "2026112213340905505": false, "202611221334090550511": false,
		"2026112213340905505x": false, "": false, "٢٠٢٦١١٢٢١٣٣٤٠٩٠٥٥٠٥١": false,
	} {
		require.Equal(t, want, IsJID(s), s)
	}
}
