package lowstate

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

func TestResults(t *testing.T) {
	t.Parallel()
	for full, want := range map[bool]string{
		false: `{"a": true, "b": "gone", "c": false}`,
		true:  `{"a": {"ret": true, "retcode": 0, "jid": "1"}, "b": {"out": "no_return", "ret": "gone", "retcode": 1}, "c": false}`,
	} {
		r := newResults(full, nil, 0)
		require.NoError(t, r.add("a", result{
			ret: msgpack.InMemory(msgpack.AppendBool(nil, true)), retcode: msgpack.AppendInt(nil, 0), jid: "1",
		}))
		r.addSilent("b", "gone")
		r.addFalse("c")
		require.Equal(t, want, string(r.close().JSON()))
	}
}

// oddReturns are returns that salt-api cannot decode or answers with a 500 for
// all minions, and the results here.
var oddReturns = map[string]struct {
	packed []byte
	want   string
}{
	"a tuple for a key":      {[]byte("\x81\x92\x01\xa1a\x02"), `{"[1, \"a\"]": 2}`},
	"a mapping for a key":    {[]byte("\x81\x81\xa1a\x01\x02"), `{"{\"a\": 1}": 2}`},
	"None for a key":         {[]byte("\x81\xc0\x02"), `{"null": 2}`},
	"bytes for a key":        {[]byte("\x81\xc4\x01\xff\x02"), "{\"\ufffd\": 2}"},
	"a number for a key":     {[]byte("\x81\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00\x02"), `{"1.5": 2}`},
	"bytes that are no text": {[]byte("\xa2\xffa"), "\"\ufffda\""},
	"an unknown extension":   {[]byte("\xd4\x05a"), `"a"`},
	"a key in a key": {[]byte("\x81\x81\x90\x01\x02"),
		`"Could not serialize the return data from Salt: msgpack: byte 2: map key in a map key is an array or a map."`},
	"nested too deep": {append(bytes.Repeat([]byte{0x91}, msgpack.MaxDepth), 0x90),
		`"Could not serialize the return data from Salt: msgpack: byte 512: nested too deep."`},
}

// TestOddReturns shows that one minion's odd return does not affect the
// others'.
func TestOddReturns(t *testing.T) {
	t.Parallel()
	for name, odd := range oddReturns {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			good, ret := msgpack.AppendBool(nil, true), msgpack.Raw(odd.packed)
			r := newResults(false, nil, 0)
			require.NoError(t, r.add("a", result{ret: msgpack.InMemory(good)}))
			require.NoError(t, r.add("b", result{ret: msgpack.InMemory(ret)}))
			require.NoError(t, r.add("c", result{ret: msgpack.InMemory(good)}))
			got := r.close().JSON()
			require.Equal(t, `{"a": true, "b": `+odd.want+`, "c": true}`, string(got))
			require.True(t, json.Valid(got))

			r = newResults(true, nil, 0)
			require.NoError(t, r.add("a", result{ret: msgpack.InMemory(ret), out: ret, retcode: ret, jid: "1"}))
			require.Equal(t,
				`{"a": {"ret": `+odd.want+`, "out": `+odd.want+`, "retcode": `+odd.want+`, "jid": "1"}}`, string(r.close().JSON()))

			b := &batchJob{}
			require.Equal(t, `{"b": `+odd.want+`}`, string(b.item("b", result{ret: msgpack.InMemory(ret)}).JSON()))
			to := (*spool.Store)(nil).New()
			part, err := Put(to, b.item("b", result{ret: msgpack.InMemory(ret)}))
			require.NoError(t, err)
			require.Equal(t, `{"b": `+odd.want+`}`, string(Spooled{part}.JSON()))

			b.raw = true
			item := b.item("b", result{ret: msgpack.InMemory(ret), jid: "1", event: eventbus.Event{Tag: "t", Data: object([]field{
				{"id", msgpack.AppendString(nil, "b")}, {"return", msgpack.AppendString(nil, "VALUE_TRIMMED")},
			})}}).JSON()
			require.True(t, json.Valid(item), string(item))
			if odd.want[0] != '"' || name == "an unknown extension" || name == "bytes that are no text" {
				require.Equal(t, `{"data": {"id": "b", "return": `+odd.want+`}, "tag": "t"}`, string(item))
			}
		})
	}
}

// TestRawItemWithOddKeys shows that an event's own keys may be odd, too.
func TestRawItemWithOddKeys(t *testing.T) {
	t.Parallel()
	data := msgpack.Raw("\x82\x01\x02\xa6return\x03")
	item := newRawItem("b", result{ret: msgpack.InMemory(msgpack.AppendInt(nil, 4)), event: eventbus.Event{Tag: "t", Data: data}})
	require.Equal(t, `{"data": {"1": 2, "return": 4}, "tag": "t"}`, string(item.JSON()))
}
