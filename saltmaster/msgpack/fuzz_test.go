package msgpack_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// The seeds are in testdata/fuzz.

func FuzzAppendJSON(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		valid := msgpack.Valid(b)
		js, err := msgpack.AppendJSON(nil, b)
		if err != nil {
			require.Empty(t, js)
			// What is valid can only fail for its keys.
			require.True(t, valid != nil || errors.Is(err, msgpack.ErrKey) || errors.Is(err, msgpack.ErrDuplicate), "%v", err)
			return
		}
		require.NoError(t, valid)
		// AppendFromJSON reads what encoding/json cannot: NaN and Infinity.
		packed, err := msgpack.AppendFromJSON(nil, js)
		require.NoError(t, err)
		require.NoError(t, msgpack.Valid(packed))
		if !bytes.Contains(js, []byte("NaN")) && !bytes.Contains(js, []byte("Infinity")) {
			require.True(t, json.Valid(js), "%q", js)
		}
		walk(t, b)
	})
}

// However a value is read, the result is the same.
func FuzzPasses(f *testing.F) {
	f.Add(jobReturn()[:2000])
	f.Add(append(msgpack.AppendMap(nil, 3), "\xa1a\x01\xc4\x01b\xc0\x01\x93\xca\x3f\xc0\x00\x00\xd9\x02\xff\x0a\xd1\xff\x00"...))
	f.Fuzz(func(t *testing.T, b []byte) {
		whole, err := msgpack.TwoPasses(b)
		if js, ok := msgpack.OnePass(b); ok {
			require.NoError(t, err)
			require.Equal(t, string(whole), string(js))
		}
		var to sink
		require.Equal(t, err, msgpack.NewJSONWriter(&to).WriteValue(b))
		require.Equal(t, string(whole), to.String())

		// In pieces, what is wrong may be found later, or be a long key.
		to.Reset()
		section := msgpack.NewSection(bytes.NewReader(append([]byte("abc"), b...)), 3, int64(len(b)))
		err2 := msgpack.WriteSection(&to, section, 24)
		if !errors.Is(err2, msgpack.ErrPiece) {
			require.Equal(t, err == nil, err2 == nil, "%v, %v", err, err2)
			if err == nil && !bytes.Equal(whole, to.Bytes()) {
				require.Equal(t, unique(t, whole), unique(t, to.Bytes()))
			}
		}
		if err2 != nil {
			require.Empty(t, to.String())
		}

		after, err := msgpack.SkipWithin(b)
		if end, ok := msgpack.Pass(b); ok {
			require.NoError(t, err)
			require.Equal(t, after, end)
		}
	})
}

// unique is JSON with each key once: the last one counts.
func unique(t *testing.T, js []byte) any {
	t.Helper()
	for _, word := range []string{"NaN", "-Infinity", "Infinity"} {
		js = bytes.ReplaceAll(js, []byte(word), []byte("null"))
	}
	var v any
	require.NoError(t, json.Unmarshal(js, &v), "%q", js)
	return v
}

func FuzzAppendJSONString(f *testing.F) {
	f.Add("plain text\tof more \"than\" eight bytes \\ \x1f\x7f")
	f.Add("gr\u00fc\u00dfe \U0001f9c2 \xff\xfe\xf0\x9f\xa7 \xed\xa0\x80\u2028")
	f.Fuzz(func(t *testing.T, s string) {
		require.Equal(t, quoted(s), string(msgpack.AppendJSONString(nil, s)))
	})
}

// quoted makes a JSON string of s, one byte after the other.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(strings.ToValidUTF8(s, "\uFFFD")) {
		short := strings.IndexByte("\b\f\n\r\t\"\\", c)
		switch {
		case short >= 0:
			b.WriteString(`\` + `bfnrt"\`[short:short+1])
		case c < ' ':
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// walk reads all of v with the methods of Raw.
func walk(t *testing.T, v msgpack.Raw) {
	switch v.Kind() {
	case msgpack.Invalid:
		t.Fatal("a valid value has an invalid part")
	case msgpack.Map:
		require.NoError(t, v.Each(func(key, val msgpack.Raw) error {
			if name, ok := key.Str(); ok {
				_, found := v.Lookup(name)
				require.True(t, found)
			}
			walk(t, val)
			return nil
		}))
	case msgpack.Array:
		require.NoError(t, v.Elems(func(val msgpack.Raw) error { walk(t, val); return nil }))
	case msgpack.Str, msgpack.Bin:
		_, ok := v.Str()
		require.True(t, ok)
	case msgpack.Int, msgpack.Float:
		_, ok := v.Float()
		require.True(t, ok)
	}
}

func FuzzAppendFromJSON(f *testing.F) {
	f.Fuzz(func(t *testing.T, js []byte) {
		packed, err := msgpack.AppendFromJSON(nil, js)
		if err != nil {
			var syntax *msgpack.SyntaxError
			require.ErrorAs(t, err, &syntax)
			require.Empty(t, packed)
			require.LessOrEqual(t, syntax.Offset, int64(len(js)))
			allowed := syntax.Msg == "Lone surrogate" || syntax.Msg == "Nested too deep" ||
				syntax.Msg == "Integer too long" || syntax.Msg == "Too many duplicate keys"
			require.True(t, allowed || !utf8.Valid(js) || !json.Valid(js), "%q: %v", js, err)
			return
		}
		require.NoError(t, msgpack.Valid(packed))
		back, err := msgpack.AppendJSON(nil, packed)
		require.NoError(t, err)
		again, err := msgpack.AppendFromJSON(nil, back)
		require.NoError(t, err)
		require.Equal(t, packed, again)
		if json.Valid(js) && json.Valid(back) { // both without NaN and Infinity
			require.Equal(t, decode(t, js), decode(t, back), "%q, %q", js, back)
		}
	})
}

// decode reads JSON with encoding/json, and numbers as Salt's packer takes
// them.
func decode(t *testing.T, js []byte) any {
	d := json.NewDecoder(bytes.NewReader(js))
	d.UseNumber()
	var v any
	require.NoError(t, d.Decode(&v))
	return numbers(v)
}

func numbers(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	case json.Number:
		if strings.ContainsAny(v.String(), ".eE") {
			f, _ := v.Float64()
			return math.Float64bits(f)
		}
		if i, err := v.Int64(); err == nil {
			return i
		}
		if u, err := strconv.ParseUint(v.String(), 10, 64); err == nil {
			return u
		}
		return v.String() // more than 64 bits
	}
	return v
}
