package saltmaster

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

func wheelCall() WheelCall {
	return WheelCall{Fun: "key.finger", Arg: mastertest.JSON(`["web1"]`), Kwarg: mastertest.JSON(`{"a": 1}`), Token: "abc"}
}

func TestWheelOnTheWire(t *testing.T) {
	t.Parallel()
	const answer = `{"tag": "salt/wheel/1", "data": {"jid": "1"}}`
	c, sent := exchange(t, answer)
	got, err := c.Wheel(t.Context(), wheelCall())
	require.NoError(t, err)
	require.Equal(t, answer, printed(t, got))
	require.Equal(t, `{"enc": "clear", "version": 3, "load": {"cmd": "wheel", "fun": "key.finger", "arg": ["web1"], `+
		`"kwarg": {"a": 1}, "token": "abc"}}`, *sent)

	w := wheelCall()
	w.JID = "20260101000000000001"
	_, err = c.Wheel(t.Context(), w)
	require.NoError(t, err)
	require.Contains(t, *sent, `"token": "abc", "__jid__": "20260101000000000001", "__tag__": "salt/wheel/20260101000000000001"}}`)

	for _, odd := range []string{`{}`, `[]`, `{"tag": "salt/wheel/1"}`, `{"data": "x"}`} {
		c, _ := exchange(t, odd)
		_, err := c.Wheel(t.Context(), wheelCall())
		require.ErrorIs(t, err, ErrProtocol, odd)
	}
	c, _ = exchange(t, `{"error": {"name": "TokenAuthenticationError", "message": "Authentication failure of type \"token\" occurred."}}`)
	_, err = c.Wheel(t.Context(), wheelCall())
	require.ErrorIs(t, err, ErrUnauthenticated)
}

// slowMaster answers a wheel after some time. It answers pings, or not.
func slowMaster(t *testing.T, takes time.Duration, alive bool) *Client {
	return New(wire(func(ctx context.Context, p []byte) ([]byte, error) {
		if strings.Contains(printed(t, p), `"cmd": "ping"`) {
			if !alive {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return packed(t, `{"cmd": "ping"}`), nil
		}
		select {
		case <-time.After(takes):
			return packed(t, `{"tag": "t", "data": {"jid": "1"}}`), nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}), Options{Timeout: 30 * time.Second})
}

// A wheel function may take longer than other requests, while the master is
// alive.
func TestWheelIsPatient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := slowMaster(t, time.Hour, true)
		defer c.Close()
		_, err := c.Wheel(t.Context(), wheelCall())
		require.NoError(t, err)

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err = c.Wheel(ctx, wheelCall())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, ErrTimeout)
	})
	synctest.Test(t, func(t *testing.T) {
		c := slowMaster(t, time.Hour, false)
		_, err := c.Wheel(t.Context(), wheelCall())
		require.ErrorIs(t, err, ErrTimeout)
		require.NotErrorIs(t, err, context.Canceled)
		_, err = c.Wheel(t.Context(), wheelCall())
		require.ErrorIs(t, err, ErrDown, "and the next is not even sent")
		c.Close()
		synctest.Wait()
	})
}

// A list of functions goes out in place of the one.
func TestCompoundOnTheWire(t *testing.T) {
	t.Parallel()
	c, sent := exchange(t, `{"enc": "clear", "load": {"jid": "1", "minions": ["a"], "missing": []}}`)
	_, err := c.Publish(t.Context(), Publication{
		Tgt: msgpack.AppendString(nil, "*"), TgtType: "glob", Fun: "a.b,c.d",
		Funs: mastertest.JSON(`["a.b", "c.d"]`), Arg: mastertest.JSON(`[[], [1]]`), JID: "1",
	})
	require.NoError(t, err)
	require.Contains(t, *sent, `"fun": ["a.b", "c.d"], "arg": [[], [1]]`)
}
