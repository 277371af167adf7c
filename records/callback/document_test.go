package callback

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Whatever a minion returned, the document is JSON.
func FuzzResult(f *testing.F) {
	f.Add("web1", []byte{0xc3})
	f.Add("\xff\x00", msgpack.AppendFloat(nil, math.NaN()))
	f.Add("<&>", []byte{0xc1})
	f.Add("x", msgpack.AppendString(nil, "\u2028"))
	f.Fuzz(func(t *testing.T, minion string, value []byte) {
		for _, r := range []records.Return{
			{Minion: minion, Time: time.Unix(1_800_000_000, 0), Value: value}, {Minion: minion, Missing: true}, {Minion: minion, Omitted: true},
		} {
			text, err := result(r)
			require.NoError(t, err)
			require.True(t, json.Valid(text), "%s", text)
			whole, err := json.Marshal(Document{Results: append(append([]byte("["), text...), ']')})
			require.NoError(t, err)
			require.LessOrEqual(t, len(text), 12*(len(minion)+len(value))+500)
			require.True(t, json.Valid(whole))
		}
	})
}
