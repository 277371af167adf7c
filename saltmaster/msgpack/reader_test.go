package msgpack_test

import (
	"encoding/hex"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// raw reads hexadecimal digits; spaces are for the reader's eye.
func raw(t testing.TB, digits string) msgpack.Raw {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
	require.NoError(t, err)
	return b
}

func TestReaderWalk(t *testing.T) {
	t.Parallel()
	var b []byte
	b = msgpack.AppendMap(b, 2)
	b = msgpack.AppendString(b, "name")
	b = msgpack.AppendArray(b, 6)
	b = msgpack.AppendNil(b)
	b = msgpack.AppendBool(b, true)
	b = msgpack.AppendInt(b, -7)
	b = msgpack.AppendUint(b, math.MaxUint64)
	b = msgpack.AppendFloat(b, 1.5)
	b = append(b, 0xc4, 2, 'h', 'i') // bin8
	b = msgpack.AppendInt(b, 3)
	b = append(b, 0xd5, 78, 'x', 'y') // fixext 2

	r := msgpack.NewReader(b)
	n, err := r.MapLen()
	require.NoError(t, err)
	require.Equal(t, 2, n)
	require.Equal(t, msgpack.Str, r.Kind())
	key, err := r.String()
	require.NoError(t, err)
	require.Equal(t, "name", key)
	n, err = r.ArrayLen()
	require.NoError(t, err)
	require.Equal(t, 6, n)
	require.NoError(t, r.Nil())
	yes, err := r.Bool()
	require.NoError(t, err)
	require.True(t, yes)
	i, err := r.Int64()
	require.NoError(t, err)
	require.EqualValues(t, -7, i)
	u, err := r.Uint64()
	require.NoError(t, err)
	require.EqualValues(t, uint64(math.MaxUint64), u)
	f, err := r.Float64()
	require.NoError(t, err)
	require.InDelta(t, 1.5, f, 0)
	data, err := r.Bytes()
	require.NoError(t, err)
	require.Equal(t, "hi", string(data))
	val, err := r.Raw()
	require.NoError(t, err)
	require.Equal(t, msgpack.Raw{3}, val)
	require.False(t, r.Done())
	require.Len(t, r.Rest(), 4)
	require.Equal(t, len(b)-4, r.Offset())
	code, data, err := r.Ext()
	require.NoError(t, err)
	require.EqualValues(t, 78, code)
	require.Equal(t, "xy", string(data))
	require.True(t, r.Done())
	require.Equal(t, msgpack.Invalid, r.Kind())
	require.ErrorIs(t, r.Skip(), msgpack.ErrTruncated)
}

func TestReaderRefusesAndStays(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, input string
		read        func(*msgpack.Reader) error
		want        error
	}{
		{"nil for a bool", "c0", func(r *msgpack.Reader) error { _, err := r.Bool(); return err }, msgpack.ErrKind},
		{"bool for nil", "c2", (*msgpack.Reader).Nil, msgpack.ErrKind},
		{"str for an int", "a0", func(r *msgpack.Reader) error { _, err := r.Int64(); return err }, msgpack.ErrKind},
		{"str for a float", "a0", func(r *msgpack.Reader) error { _, err := r.Float64(); return err }, msgpack.ErrKind},
		{"int for bytes", "00", func(r *msgpack.Reader) error { _, err := r.Bytes(); return err }, msgpack.ErrKind},
		{"int for a string", "00", func(r *msgpack.Reader) error { _, err := r.String(); return err }, msgpack.ErrKind},
		{"map for an array", "80", func(r *msgpack.Reader) error { _, err := r.ArrayLen(); return err }, msgpack.ErrKind},
		{"array for a map", "90", func(r *msgpack.Reader) error { _, err := r.MapLen(); return err }, msgpack.ErrKind},
		{"array for an ext", "90", func(r *msgpack.Reader) error { _, _, err := r.Ext(); return err }, msgpack.ErrKind},
		{"too big", "cf 8000000000000000", func(r *msgpack.Reader) error { _, err := r.Int64(); return err }, msgpack.ErrRange},
		{"below zero", "ff", func(r *msgpack.Reader) error { _, err := r.Uint64(); return err }, msgpack.ErrRange},
		{"cut", "92 01", func(r *msgpack.Reader) error { _, err := r.Raw(); return err }, msgpack.ErrTruncated},
		{"cut inside", "91 d9 05 61", (*msgpack.Reader).Skip, msgpack.ErrTruncated},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := msgpack.NewReader(raw(t, tt.input))
			require.ErrorIs(t, tt.read(&r), tt.want)
			require.Zero(t, r.Offset())
		})
	}
}

func TestReaderDoesNotAllocate(t *testing.T) {
	b := jobReturn()
	require.Zero(t, testing.AllocsPerRun(5, func() {
		r := msgpack.NewReader(b)
		n, _ := r.MapLen()
		for range n {
			_, _ = r.Bytes()
			_, _ = r.Raw()
		}
		if !r.Done() {
			t.Error("not read to the end")
		}
	}))
}

func TestRawScalars(t *testing.T) {
	t.Parallel()
	nan := func(f float64, ok bool) bool { return ok && math.IsNaN(f) }
	require.True(t, nan(raw(t, "cb 7ff8000000000000").Float()))

	tests := []struct {
		input string
		kind  msgpack.Kind
		want  any // nil: no getter answers
	}{
		{"c0", msgpack.Nil, nil},
		{"c2", msgpack.Bool, false},
		{"c3", msgpack.Bool, true},
		{"7f", msgpack.Int, int64(127)},
		{"e0", msgpack.Int, int64(-32)},
		{"d1 8000", msgpack.Int, int64(-32768)},
		{"d2 00000005", msgpack.Int, int64(5)},
		{"d3 8000000000000000", msgpack.Int, int64(math.MinInt64)},
		{"cf 7fffffffffffffff", msgpack.Int, int64(math.MaxInt64)},
		{"ca 3fc00000", msgpack.Float, 1.5},
		{"cb c000000000000000", msgpack.Float, -2.0},
		{"a2 6869", msgpack.Str, "hi"},
		{"d9 02 6869", msgpack.Str, "hi"},
		{"da 0002 6869", msgpack.Str, "hi"},
		{"db 00000002 6869", msgpack.Str, "hi"},
		{"c4 02 6869", msgpack.Bin, "hi"},
		{"90", msgpack.Array, nil},
		{"80", msgpack.Map, nil},
		{"d4 05 00", msgpack.Ext, nil},
		{"d8 05 00000000000000000000000000000000", msgpack.Ext, nil},
		{"c1", msgpack.Invalid, nil},
		{"", msgpack.Invalid, nil},
		{"a2 68", msgpack.Invalid, nil},
	}
	for _, tt := range tests {
		v := raw(t, tt.input)
		require.Equal(t, tt.kind, v.Kind(), tt.input)
		require.Equal(t, tt.kind == msgpack.Nil, v.IsNil(), tt.input)
		check := func(got any, ok bool) {
			want := tt.want
			if i, isInt := want.(int64); isInt {
				if _, isFloat := got.(float64); isFloat {
					want = float64(i)
				}
			}
			if ok {
				require.Equal(t, want, got, tt.input)
			} else {
				require.NotEqual(t, want, got, tt.input)
			}
		}
		if b, ok := v.Bool(); ok {
			check(b, ok)
		} else {
			require.NotEqual(t, msgpack.Bool, tt.kind)
		}
		if i, ok := v.Int(); ok {
			check(i, ok)
		} else {
			require.NotEqual(t, msgpack.Int, tt.kind)
		}
		if f, ok := v.Float(); ok {
			check(f, ok)
		} else {
			require.NotEqual(t, msgpack.Float, tt.kind)
		}
		if s, ok := v.Str(); ok {
			check(s, ok)
		} else {
			require.NotContains(t, []msgpack.Kind{msgpack.Str, msgpack.Bin}, tt.kind)
		}
	}

	_, ok := raw(t, "cf ffffffffffffffff").Int()
	require.False(t, ok)
	f, ok := raw(t, "cf ffffffffffffffff").Float()
	require.True(t, ok)
	require.InDelta(t, 0x1p64, f, 0)
}

func TestRawUintAndLen(t *testing.T) {
	t.Parallel()
	u, ok := raw(t, "cf ffffffffffffffff").Uint()
	require.True(t, ok)
	require.EqualValues(t, uint64(math.MaxUint64), u)
	for _, input := range []string{"ff", "cb 3ff0000000000000", "a131", ""} {
		_, ok = raw(t, input).Uint()
		require.False(t, ok, input)
	}
	for input, want := range map[string]int{
		"93 01 02 03": 3, "81 01 02": 1, "90": 0, "05": 0, "a2 6869": 0, "": 0, "df ffffffff": 0, "93 01": 0,
	} {
		require.Equal(t, want, raw(t, input).Len(), input)
	}
}

func TestRawLookup(t *testing.T) {
	t.Parallel()
	m := raw(t, "85 a161 01 a162 02 c40163 03 05 04 a161 92c0c0")
	for key, want := range map[string]string{"a": "92c0c0", "b": "02", "c": "03"} {
		got, ok := m.Lookup(key)
		require.True(t, ok, key)
		require.Equal(t, raw(t, want), got, key)
		require.Empty(t, m.LookupStr(key), "it is no text")
	}
	require.Equal(t, "yes", raw(t, "81 a161 a3796573").LookupStr("a"))
	for name, v := range map[string]msgpack.Raw{
		"no such key": raw(t, "81 a161 01"), "cut": raw(t, "82 a178 01 a161"),
		"array": raw(t, "92 a178 01"), "empty": nil,
	} {
		got, ok := v.Lookup("x")
		require.False(t, ok, name)
		require.Nil(t, got, name)
	}
}

func TestRawEachAndElems(t *testing.T) {
	t.Parallel()
	var seen []string
	note := func(v msgpack.Raw) { seen = append(seen, hex.EncodeToString(v)) }
	require.NoError(t, raw(t, "83 a161 01 05 90 a161 c0").Each(func(k, v msgpack.Raw) error { note(k); note(v); return nil }))
	require.Equal(t, []string{"a161", "01", "05", "90", "a161", "c0"}, seen)
	seen = nil
	require.NoError(t, raw(t, "92 81a16101 02").Elems(func(v msgpack.Raw) error { note(v); return nil }))
	require.Equal(t, []string{"81a16101", "02"}, seen)

	stop := errors.New("stop")
	require.Equal(t, stop, raw(t, "81 01 02").Each(func(_, _ msgpack.Raw) error { return stop }))
	require.Equal(t, stop, raw(t, "91 01").Elems(func(msgpack.Raw) error { return stop }))
	fine := func(_, _ msgpack.Raw) error { return nil }
	elem := func(msgpack.Raw) error { return nil }
	require.ErrorIs(t, raw(t, "90").Each(fine), msgpack.ErrKind)
	require.ErrorIs(t, raw(t, "80").Elems(elem), msgpack.ErrKind)
	require.ErrorIs(t, raw(t, "81 a2 61 62").Each(fine), msgpack.ErrTruncated)
	require.ErrorIs(t, raw(t, "81 01 a2 61").Each(fine), msgpack.ErrTruncated)
	require.ErrorIs(t, raw(t, "91 a2 61").Elems(elem), msgpack.ErrTruncated)
}

func TestKindString(t *testing.T) {
	t.Parallel()
	require.Equal(t, "map", msgpack.Map.String())
	require.Equal(t, "unknown", msgpack.Kind(99).String())
}

// The forms at each border are those of Salt's own packer (TestRealSalt
// compares them); here every one must read back.
func TestAppendReadsBack(t *testing.T) {
	t.Parallel()
	for shift := range 64 {
		for _, i := range []int64{1<<shift - 1, 1 << shift, 1<<shift + 1} {
			for _, i := range []int64{i, -i} {
				got, ok := msgpack.Raw(msgpack.AppendInt(nil, i)).Int()
				require.True(t, ok)
				require.Equal(t, i, got)
			}
			r := msgpack.NewReader(msgpack.AppendUint(nil, uint64(i)))
			got, err := r.Uint64()
			require.NoError(t, err)
			require.Equal(t, uint64(i), got)
			require.True(t, r.Done())
		}
	}
	for _, n := range []int{0, 15, 16, 31, 32, 255, 256, 65535, 65536} {
		b := msgpack.AppendString(nil, make([]byte, n))
		require.NoError(t, msgpack.Valid(b))
		require.NotEqual(t, byte(0xd9), b[0], "str8")
		s, ok := msgpack.Raw(b).Str()
		require.True(t, ok)
		require.Len(t, s, n)

		r := msgpack.NewReader(append(msgpack.AppendArray(nil, n), make([]byte, n)...))
		got, err := r.ArrayLen()
		require.NoError(t, err)
		require.Equal(t, n, got)
		r = msgpack.NewReader(append(msgpack.AppendMap(nil, n), make([]byte, 2*n)...))
		got, err = r.MapLen()
		require.NoError(t, err)
		require.Equal(t, n, got)
	}
	require.Panics(t, func() { msgpack.AppendMap(nil, -1) })
}
