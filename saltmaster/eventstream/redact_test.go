package eventstream

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// TestRedactedInKeys is about keys that are containers, which become text.
func TestRedactedInKeys(t *testing.T) {
	t.Parallel()
	secret := string(fromJSON(t, `{"password": "p", "n": 1}`))
	for data, want := range map[string]string{
		"\x81" + secret + "\x02":                      `{"{\"password\": \"REDACTED\", \"n\": 1}": 2}`,
		"\x81\x91" + secret + secret:                  `{"[{\"password\": \"REDACTED\", \"n\": 1}]": {"password": "REDACTED", "n": 1}}`,
		"\x81\xa6kwargs\x81" + secret + "\x02":        `{"kwargs": {"{\"password\": \"REDACTED\", \"n\": 1}": 2}}`,
		"\x82\x91\x01\x02\xa8password\xa1p":           `{"[1]": 2, "password": "REDACTED"}`,
		"\x81\xa6kwargs\x82\x80\x01\xa8password\xa1p": `{"kwargs": {"{}": 1, "password": "REDACTED"}}`,
	} {
		clean, err := redacted("salt/job/1/error", msgpack.Raw(data))
		require.NoError(t, err)
		js, err := msgpack.AppendJSON(nil, clean)
		require.NoError(t, err)
		require.Equal(t, want, string(js))
	}
}

func TestRedacted(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ tag, data, want string }{
		"refused publication": {
			"salt/job/1/error",
			`{"fun": "test.ping", "arg": [], "key": "root key", "kwargs": {"token": "t", "password": "p", "user": "u"}, "error": {"name": "E"}}`,
			`{"fun": "test.ping", "arg": [], "key": "REDACTED", "kwargs": {"token": "REDACTED", "password": "REDACTED", "user": "u"}, "error": {"name": "E"}}`,
		},
		"of a syndic": {
			"syndic/a/syndic/b/salt/job/1/error", `{"kwargs": [{"TOKEN": ["t"]}]}`, `{"kwargs": [{"TOKEN": "REDACTED"}]}`,
		},
		"a minion's return": {
			"salt/job/1/ret/error", `{"return": {"token": "t"}}`, `{"return": {"token": "t"}}`,
		},
		"mk_token": {
			"salt/run/1/ret",
			`{"fun": "runner.auth.mk_token", "fun_args": [{"username": "u", "password": "p"}], "return": {"token": "t"}, "user": "u"}`,
			`{"fun": "runner.auth.mk_token", "fun_args": "REDACTED", "return": "REDACTED", "user": "u"}`,
		},
		"del_token": {
			"salt/run/1/new", `{"fun": "runner.auth.del_token", "fun_args": ["t"]}`,
			`{"fun": "runner.auth.del_token", "fun_args": "REDACTED"}`,
		},
		"a runner's arguments": {
			"salt/run/1/new", `{"fun": "runner.x.y", "fun_args": ["a", {"password": "p", "b": 1}], "return": {"token": 1}}`,
			`{"fun": "runner.x.y", "fun_args": ["a", {"password": "REDACTED", "b": 1}], "return": {"token": 1}}`,
		},
		"a key that a wheel made": {
			"salt/wheel/1/ret", `{"fun": "wheel.key.gen", "return": {"pub": "a", "priv": "b"}}`,
			`{"fun": "wheel.key.gen", "return": {"pub": "a", "priv": "REDACTED"}}`,
		},
		"the reactor's proof": {
			"salt/run/1/salt/reactors/manage/list", `{"key": "k", "_stamp": "s"}`, `{"key": "REDACTED", "_stamp": "s"}`,
		},
		"another salt-api's webhook": {
			"salt/netapi/hook/a",
			`{"post": {"token": "theirs"}, "headers": {"X-Auth-Token": "s", "Cookie": "c", "Host": "h", "Authorization": "b"}}`,
			`{"post": {"token": "REDACTED"}, "headers": {"X-Auth-Token": "REDACTED", "Cookie": "REDACTED", "Host": "h", "Authorization": "REDACTED"}}`,
		},
		"a webhook's body": {
			"salt/netapi/hook/a",
			`{"body": "{\"deploy\": {\"api_key\": \"k\"}}", "post": {"deploy": {"api_key": "k", "key": "ABC-1"}}, "headers": {"Host": "h"}}`,
			`{"body": "REDACTED", "post": {"deploy": {"api_key": "REDACTED", "key": "ABC-1"}}, "headers": {"Host": "h"}}`,
		},
		"a webhook's body in a list": {
			"salt/netapi/hook", `{"body": "b", "post": [1, [{"Client-Secret": {"a": 1}}]], "headers": {}}`,
			`{"body": "REDACTED", "post": [1, [{"Client-Secret": "REDACTED"}]], "headers": {}}`,
		},
		"a webhook's text": {
			"salt/netapi/hook", `{"body": "user=u&password=p", "post": "user=u&password=p", "headers": {}}`,
			`{"body": "REDACTED", "post": "REDACTED", "headers": {}}`,
		},
		"a webhook without a credential": {
			"salt/netapi/hook", `{"body": "{\"a\": \"b=c\"}", "post": {"a": "b=c", "key": "v"}, "headers": {"Host": "h"}}`,
			`{"body": "{\"a\": \"b=c\"}", "post": {"a": "b=c", "key": "v"}, "headers": {"Host": "h"}}`,
		},
		"autosign grains": {
			"salt/auth", `{"id": "m", "pub": "p", "autosign_grains": {"uuid": "u"}}`,
			`{"id": "m", "pub": "p", "autosign_grains": "REDACTED"}`,
		},
		"a new machine": {
			"salt/cloud/a/deploying", `{"kwargs": {"ssh_password": "p", "host": "h"}}`,
			`{"kwargs": {"ssh_password": "REDACTED", "host": "h"}}`,
		},
		"no map": {"salt/job/1/error", `[{"token": "t"}]`, `[{"token": "REDACTED"}]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clean, err := redacted(tc.tag, fromJSON(t, tc.data))
			require.NoError(t, err)
			js, err := msgpack.AppendJSON(nil, clean)
			require.NoError(t, err)
			require.Equal(t, tc.want, string(js))
		})
	}
}

func TestWithoutSecretsNothingIsCopied(t *testing.T) { //nolint:paralleltest // it counts allocations
	data := fromJSON(t, `{"return": true}`)
	allocs := testing.AllocsPerRun(100, func() {
		clean, err := redacted("salt/job/20260101000000000001/ret/ms-0", data)
		if err != nil || &clean[0] != &data[0] {
			t.Error("it was copied")
		}
	})
	require.Zero(t, allocs)
}

// TestRecordedEventsHaveNoCredentials shows what real masters said while they were logged in to, and refused calls.
func TestRecordedEventsHaveNoCredentials(t *testing.T) {
	t.Parallel()
	token := regexp.MustCompile(`[0-9a-f]{64}`)
	for _, release := range []string{"3006", "3007", "3008"} {
		b, err := os.ReadFile(filepath.Join("..", "..", "testdata", "wire", release, "wire.json"))
		require.NoError(t, err)
		var recording struct{ Cases []struct{ Name, Bus string } }
		require.NoError(t, json.Unmarshal(b, &recording))
		var stream bytes.Buffer
		for _, c := range recording.Cases {
			said, err := hex.DecodeString(c.Bus)
			require.NoError(t, err)
			stream.Write(said)
		}
		raw := stream.String()
		require.Contains(t, raw, "correct horse")
		require.Regexp(t, token, raw)
		shown := strings.Join(replay(t, &stream), "")
		require.Greater(t, strings.Count(shown, "tag: "), 50)
		require.Contains(t, shown, Redacted)
		require.NotContains(t, shown, "correct horse")
		require.NotRegexp(t, token, shown)
	}
}

// replay sends a recording through a bus and a hub, and returns the blocks that come out.
func replay(t *testing.T, stream io.Reader) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pub.ipc")
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	quiet := slog.New(slog.DiscardHandler)
	bus := eventbus.New(eventbus.Options{Network: "unix", Address: path, Log: quiet})
	hub := New(Options{Tap: func() Tap { return bus.Expect("") }, Log: quiet})
	defer hub.Close()
	reader, err := hub.Read(Request{})
	require.NoError(t, err)
	defer reader.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	ended := make(chan error, 1)
	go func() { ended <- bus.Run(ctx) }()
	defer func() {
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
	}()
	conn, err := l.Accept()
	require.NoError(t, err)
	first, err := reader.Next(ctx)
	require.NoError(t, err)
	require.Equal(t, reasonBusLost, first.Gap, "the bus came up after the reader")
	_, err = io.Copy(conn, stream)
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	again, err := l.Accept() // the bus has read all
	require.NoError(t, err)
	defer func() { _ = again.Close() }()
	var blocks []string
	for {
		f, err := reader.Next(ctx)
		require.NoError(t, err)
		if f.Gap != "" {
			require.False(t, errors.Is(err, ErrSlow))
			return blocks
		}
		blocks = append(blocks, string(f.Block()))
	}
}
