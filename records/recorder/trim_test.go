package recorder

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// A value that is too large is left out of the event, and of the record, which
// has its size.
func TestTrim(t *testing.T) {
	t.Parallel()
	d := Decoder{MaxValue: 1000}
	for name, tc := range map[string]struct {
		value string
		size  int64
		kept  bool
	}{
		"small": {"x", 2, true},
		"large": {strings.Repeat("x", 5000), 5003, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, err := msgpack.AppendFromJSON(nil, []byte(`{"jid": "20261122133409055051", "id": "web1", "cmd": "_return", "return": "`+
				tc.value+`", "fun": "test.echo", "retcode": 3, "padding": "`+strings.Repeat("y", 900)+`"}`))
			require.NoError(t, err)
			e := d.trim(eventbus.Event{Tag: "salt/job/20261122133409055051/ret/web1", Data: data})
			require.Less(t, len(e.Data), 1500)
			got, ok := d.Decode(e.Tag, e.Data, time.Time{})
			require.True(t, ok)
			r := *got.Return
			require.Equal(t, tc.kept, len(r.Value) > 0)
			r.Value = nil
			require.Equal(t, records.Return{
				JID: "20261122133409055051", Minion: "web1", Fun: "test.echo", Retcode: 3, Size: tc.size, Omitted: !tc.kept,
			}, r)

			part := d.trim(eventbus.Event{Tag: e.Tag, Data: data[:len(data)/2]})
			_, ok = d.Decode(part.Tag, part.Data, time.Time{})
			require.False(t, ok, "a part of an event is not recorded")
		})
	}
}

// counted is a file of which the bytes that are read are counted.
type counted struct {
	*bytes.Reader
	bytes int
}

func (c *counted) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.Reader.ReadAt(p, off)
	c.bytes += n
	return n, err
}

// What is read of a file in pieces is what is read of the same in memory, and of what is
// too large little is read.
func TestKept(t *testing.T) {
	t.Parallel()
	const jid, size, little = "20261122133409055051", 8 << 20, 1 << 20
	long := strings.Repeat("x", size)
	called := func(fun string) string {
		return `{"return": {"jid": "` + jid + `", "fun": "` + fun + `", "user": "fred", "fun_args": ["a", 1], "_stamp": "2026-11-22T13:34:10.5", "success": true, "return": "` + long + `"}}`
	}
	for name, c := range map[string]struct {
		minion, data string
		called       bool
	}{
		"large":               {"web1", `{"return": "` + long + `", "retcode": 3, "success": false}`, false},
		"large, at the end":   {"web1", `{"success": true, "retcode": 0, "return": {"a": ["` + long + `"]}}`, false},
		"with odd keys":       {"web1", `{"return": "` + long + `", "fun": "test.echo", "more": "` + long + `", "saltern_size": 7}`, false},
		"a runner":            {"master", called("runner.jobs.active"), true},
		"a wheel":             {"master", called("wheel.key.list"), true},
		"the master's minion": {"master", `{"return": {"jid": "` + jid + `", "fun": "test.echo", "return": "` + long + `"}, "retcode": 2}`, false},
		"another minion":      {"web1", called("runner.jobs.active"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, err := msgpack.AppendFromJSON(nil, []byte(c.data))
			require.NoError(t, err)
			d := Decoder{MasterID: "master", MaxValue: 1000}
			file := &counted{Reader: bytes.NewReader(data)}
			got, called, err := d.kept(jid, c.minion, msgpack.NewSection(file, 0, int64(len(data))))
			require.NoError(t, err)
			require.Equal(t, c.called, called)
			require.Less(t, file.bytes, little)
			require.True(t, got.Return.Omitted)
			require.Greater(t, got.Return.Size, int64(size))

			want, called, err := d.kept(jid, c.minion, msgpack.InMemory(data))
			require.NoError(t, err)
			require.Equal(t, c.called, called)
			if name == "with odd keys" { // a size that a minion has sent does not count
				want.Return.Size = got.Return.Size
			}
			require.Equal(t, want, got)
		})
	}
	d := Decoder{MaxValue: 1000}
	broken := append(msgpack.AppendString(msgpack.AppendMap(nil, 2), "return"), msgpack.AppendString(nil, long)...)
	_, _, err := d.kept(jid, "web1", msgpack.NewSection(bytes.NewReader(broken), 0, int64(len(broken))))
	require.Error(t, err)
}
