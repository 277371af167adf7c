package recorder

import (
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
