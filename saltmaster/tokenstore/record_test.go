package tokenstore

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// token packs a token's map from JSON.
func token(t testing.TB, json string) msgpack.Raw {
	t.Helper()
	b, err := msgpack.AppendFromJSON(nil, []byte(json))
	require.NoError(t, err)
	return b
}

func TestParse(t *testing.T) {
	t.Parallel()
	full := Record{
		Token: "ab", User: "bench", Eauth: "rest", Groups: []string{"ops", "dev"},
		Start: time.UnixMicro(1_500_000), Expire: time.UnixMicro(2_000_000),
	}
	for name, tc := range map[string]struct {
		json string
		want func(*Record)
		list string
	}{
		"all":          {`"groups": ["ops", "dev"]`, func(*Record) {}, ""},
		"other groups": {`"groups": ["ops", 5, null]`, func(r *Record) { r.Groups = []string{"ops"} }, ""},
		"no groups":    {`"groups": false`, func(r *Record) { r.Groups = nil }, ""},
		"auth_list":    {`"groups": ["ops", "dev"], "auth_list": [".*", {"web*": ["a"]}]`, func(*Record) {}, `[".*", {"web*": ["a"]}]`},
		"no list":      {`"groups": ["ops", "dev"], "auth_list": null`, func(*Record) {}, `null`},
	} {
		want := full
		tc.want(&want)
		if tc.list != "" {
			want.AuthList = token(t, tc.list)
		}
		got, ok := Parse(token(t, `{"start": 1.5, "expire": 2, "name": "bench", "eauth": "rest", "token": "ab", `+tc.json+`}`))
		require.True(t, ok, name)
		require.Equal(t, want, got, name)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, json := range []string{
		`{}`, `[]`, `""`, `false`,
		`{"expire": 2, "name": "bench", "eauth": "rest"}`,
		`{"expire": 2, "name": "bench", "token": "ab"}`,
		`{"expire": 2, "eauth": "rest", "token": "ab"}`,
		`{"name": "bench", "eauth": "rest", "token": "ab"}`,
		`{"expire": "2", "name": "bench", "eauth": "rest", "token": "ab"}`,
		`{"expire": -2, "name": "bench", "eauth": "rest", "token": "ab"}`,
		`{"expire": NaN, "name": "bench", "eauth": "rest", "token": "ab"}`,
	} {
		_, ok := Parse(token(t, json))
		require.False(t, ok, json)
	}
}

// A caller may have chosen a lifetime that no calendar has.
func TestTimesThatAreFar(t *testing.T) {
	t.Parallel()
	for _, seconds := range []float64{1e18, 1e300, math.Inf(1)} {
		m := msgpack.AppendMap(nil, 1)
		m = msgpack.AppendString(m, "expire")
		m = msgpack.AppendFloat(m, seconds)
		require.Equal(t, 9999, instant(m, "expire").UTC().Year())
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(token(f, `{"start": 1.5, "expire": 2, "name": "n", "eauth": "e", "token": "ab", "groups": ["g"], "auth_list": [1]}`)))
	f.Add([]byte(token(f, `{"expire": 1e300, "name": "n", "eauth": "e", "token": "ab", "groups": {"a": 1}}`)))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, layout := range []Layout{Flat, Enveloped} {
			r, ok := decode(b, layout)
			if !ok {
				continue
			}
			r.AuthList = nil // only the master writes it
			again, ok := decode(encode(r, layout), layout)
			require.True(t, ok)
			require.Equal(t, r.User, again.User)
			require.WithinDuration(t, r.Expire, again.Expire, time.Millisecond)
		}
	})
}
