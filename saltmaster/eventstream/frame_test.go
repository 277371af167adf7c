package eventstream

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

func fromJSON(t testing.TB, js string) msgpack.Raw {
	t.Helper()
	b, err := msgpack.AppendFromJSON(nil, []byte(js))
	require.NoError(t, err)
	return b
}

func TestFrameIsAsSaltAPIs(t *testing.T) {
	t.Parallel()
	const js = `{"jid": "1", "arg": [1, "é\n"], "b": {"a": null}}`
	f, err := newFrame("salt/job/1/new", fromJSON(t, js))
	require.NoError(t, err)
	const whole = `{"data": ` + js + `, "tag": "salt/job/1/new"}`
	require.Equal(t, whole, string(f.JSON()))
	require.Equal(t, "data: "+whole+"\n\n", string(f.Data()))
	require.Equal(t, "tag: salt/job/1/new\ndata: "+whole+"\n\n", string(f.Block()))
}

func TestTagCannotMakeFields(t *testing.T) {
	t.Parallel()
	f, err := newFrame("a\ndata: forged\r\"", fromJSON(t, `{}`))
	require.NoError(t, err)
	require.Equal(t, "tag: a data: forged \"\ndata: "+`{"data": {}, "tag": "a\ndata: forged\r\""}`+"\n\n", string(f.Block()))
}

func TestNotice(t *testing.T) {
	t.Parallel()
	f := Notice("saltern/cut-off", `too "slow"`)
	require.Equal(t, `{"data": {"reason": "too \"slow\""}, "tag": "saltern/cut-off"}`, string(f.JSON()))
	require.Empty(t, f.Gap)
}

// FuzzEvent shows events of any bytes: what becomes of one is JSON on a line of its own, and has no credential.
func FuzzEvent(f *testing.F) {
	f.Add("salt/job/1/error", []byte(fromJSON(f, `{"kwargs": {"token": "abc", "x": [{"password": 1}]}}`)))
	f.Add("salt/run/1/ret", []byte(fromJSON(f, `{"fun": "runner.auth.mk_token", "return": {"token": "abc"}}`)))
	f.Add("a\nb", []byte("\x81\xa1a\xcb\x7f\xf8\x00\x00\x00\x00\x00\x01"))
	f.Fuzz(func(t *testing.T, tag string, data []byte) {
		clean, err := redacted(tag, data)
		if err != nil {
			return
		}
		frame, err := newFrame(tag, clean)
		if err != nil {
			return
		}
		require.Equal(t, 3, bytes.Count(frame.Block(), []byte("\n")), "one tag line, one data line, one empty")
		js := frame.JSON()
		if bytes.Contains(js, []byte("NaN")) || bytes.Contains(js, []byte("Infinity")) {
			return // as salt-api writes them, which is not JSON
		}
		var event struct{ Data any }
		require.NoError(t, json.Unmarshal(js, &event))
		if tag == "salt/job/1/error" {
			requireRedacted(t, event.Data)
		}
	})
}

func requireRedacted(t *testing.T, v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, val := range v {
			if key == "token" || key == "password" {
				require.Equal(t, Redacted, val)
				continue
			}
			requireRedacted(t, val)
		}
	case []any:
		for _, val := range v {
			requireRedacted(t, val)
		}
	}
}
