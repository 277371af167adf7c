package msgpack_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

func TestAppendJSON(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, input, want string }{
		{"separators and order", "83 a162 01 a161 93 02 c0 c3 a163 80", `{"b": 1, "a": [2, null, true], "c": {}}`},
		{"empty", "92 90 80", `[[], {}]`},
		{"ints", "94 00 ff cf ffffffffffffffff d3 8000000000000000", `[0, -1, 18446744073709551615, -9223372036854775808]`},
		{"floats", "94 cb 3ff0000000000000 cb 8000000000000000 cb 4341c37937e08000 cb 3ee4f8b588e368f1", `[1.0, -0.0, 1e+16, 1e-05]`},
		{"no numbers", "93 cb 7ff8000000000000 cb 7ff0000000000000 ca ff800000", `[NaN, Infinity, -Infinity]`},
		{"keys", "86 01 c0 c0 c0 c3 c0 cb 3ff8000000000000 c0 cb fff0000000000000 c0 a0 c0",
			`{"1": null, "null": null, "1.5": null, "-Infinity": null, "": null}`},
		{"keys equal in print only", "82 02 c0 a132 c0", `{"2": null, "2": null}`},
		{"duplicates", "83 a161 01 a162 02 a161 03", `{"a": 3, "b": 2}`},
		{"duplicates within duplicates", "82 a161 82 a162 01 a162 02 a161 82 a163 03 a163 04", `{"a": {"c": 4}}`},
		{"escapes", "a9 00 08 0a 1f 22 5c 2f 3c 7f", `"\u0000\b\n\u001f\"\\/<` + "\x7f\""},
		{"raw utf-8", "a8 c3bc e282a8 f09fa7", `"ü` + "\u20a8\ufffd\""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := msgpack.AppendJSON([]byte("x"), raw(t, tt.input))
			require.NoError(t, err)
			require.Equal(t, "x"+tt.want, string(got))
		})
	}
}

// Salt answers 500 to all of these, or cannot read the event.
func TestAppendJSONBetterThanSalt(t *testing.T) {
	t.Parallel()
	ext := func(code byte, data string) []byte {
		return append([]byte{0xc7, byte(len(data)), code}, data...)
	}
	tests := []struct {
		name  string
		input []byte
		want  string
	}{
		{"bin", raw(t, "c4 04 c3bc 0a 62"), `"ü\nb"`},
		{"bin not utf-8", raw(t, "c4 06 61 fffefd 62 ff"), `"a` + "\ufffd" + `b` + "\ufffd" + `"`},
		{"str not utf-8", raw(t, "a4 61 ff fe 22"), `"a` + "\ufffd" + `\""`},
		{"surrogate in utf-8", raw(t, "a3 eda080"), "\"\ufffd\""},
		{"bin key", raw(t, "82 c40161 01 a162 02"), `{"a": 1, "b": 2}`},
		{"bin and str key", raw(t, "82 c40161 01 a161 02"), `{"a": 2}`},
		{"datetime", ext(78, "20240102T03:04:05.000006"), `"2024-01-02T03:04:05.000006"`},
		{"datetime of a whole second", ext(78, "20240102T03:04:05.000000"), `"2024-01-02T03:04:05"`},
		{"datetime key", append(append([]byte{0x81}, ext(78, "20240102T03:04:05.000000")...), 1), `{"2024-01-02T03:04:05": 1}`},
		{"no datetime", ext(78, "20241302T03:04:05.000000"), `"20241302T03:04:05.000000"`},
		{"no datetime at all", ext(78, "\""), `"\""`},
		{"constant", ext(79, "\x92\xa7NOT_SET\xc0"), `"<Constant.NOT_SET>"`},
		{"constant with quotes", ext(79, "\x92\xa3\"\n\xff\xc0"), `"<Constant.\"\n` + "\ufffd" + `>"`},
		{"no constant", ext(79, "\x91\xa1a"), "\"\ufffd" + `a"`},
		{"unknown ext", ext(5, "a\xff\x00"), `"a` + "\ufffd" + `\u0000"`},
		{"empty ext", ext(5, ""), `""`},
		{"ext keys", append(append([]byte{0x82}, append(ext(5, "a"), 1)...), append(ext(6, "a"), 2)...), `{"a": 1, "a": 2}`},
		{"equal ext keys", append(append([]byte{0x82}, append(ext(5, "a"), 1)...), append(ext(5, "a"), 2)...), `{"a": 2}`},
		{"timestamp 32", raw(t, "d6 ff 65937e25"), `"2024-01-02T03:08:21+00:00"`},
		{"timestamp 64", raw(t, "d7 ff 00001f40 65937e25"), `"2024-01-02T03:08:21.000002+00:00"`},
		{"timestamp 96", raw(t, "c7 0c ff 00000001 ffffffffffffffff"), `"1969-12-31T23:59:59+00:00"`},
		{"timestamp out of range", raw(t, "c7 0c ff 00000001 7fffffffffffffff"), "\"\\u0000\\u0000\\u0000\\u0001\x7f\ufffd\""},
		{"timestamp of no length", raw(t, "d4 ff 61"), `"a"`},
		{"array key", raw(t, "81 92 01 a161 02"), `{"[1, \"a\"]": 2}`},
		{"empty array key", raw(t, "81 90 01"), `{"[]": 1}`},
		{"map key", raw(t, "81 82 a162 01 a161 c0 02"), `{"{\"b\": 1, \"a\": null}": 2}`},
		{"map key with duplicates", raw(t, "81 82 a161 01 a161 02 03"), `{"{\"a\": 2}": 3}`},
		{"array in an array key", raw(t, "81 91 92 01 c4 01 ff 02"), "{\"[[1, \\\"\ufffd\\\"]]\": 2}"},
		{"array keys beside others", raw(t, "83 01 02 91 01 03 a3 5b315d 04"), `{"1": 2, "[1]": 3, "[1]": 4}`},
		{"equal array keys", raw(t, "83 91 01 02 05 06 91 01 03"), `{"[1]": 3, "5": 6}`},
		{"array key in a value", raw(t, "81 91 01 81 91 02 03"), `{"[1]": {"[2]": 3}}`},
		{"no numbers as keys", raw(t, "83 cb 7ff8000000000000 01 cb 7ff8000000000000 02 cb 7ff0000000000000 03"),
			`{"NaN": 1, "NaN": 2, "Infinity": 3}`},
		{"as deep as may be", append(bytes.Repeat([]byte{0x91}, msgpack.MaxDepth-1), 0x90),
			strings.Repeat("[", msgpack.MaxDepth) + strings.Repeat("]", msgpack.MaxDepth)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := msgpack.AppendJSON(nil, tt.input)
			require.NoError(t, err)
			require.Equal(t, tt.want, string(got))
		})
	}
}

func TestHostileBytes(t *testing.T) {
	t.Parallel()
	const ten = 10_000_000
	tests := []struct {
		name  string
		input []byte
		want  error
	}{
		{"nothing", nil, msgpack.ErrTruncated},
		{"no type", raw(t, "c1"), msgpack.ErrInvalid},
		{"array of 2^32-1", raw(t, "dd ffffffff"), msgpack.ErrTruncated},
		{"map of 2^32-1", raw(t, "df ffffffff"), msgpack.ErrTruncated},
		{"array of 2^31", raw(t, "dd 80000000"), msgpack.ErrTruncated},
		{"map of 2^31", raw(t, "df 80000000"), msgpack.ErrTruncated},
		{"str of 2^32-1", raw(t, "db ffffffff"), msgpack.ErrTruncated},
		{"bin of 2^32-1", raw(t, "c6 ffffffff"), msgpack.ErrTruncated},
		{"ext of 2^32-1", raw(t, "c9 ffffffff 05"), msgpack.ErrTruncated},
		{"map with half its entries", raw(t, "82 a161 01"), msgpack.ErrTruncated},
		{"map without a value", raw(t, "81 a161"), msgpack.ErrTruncated},
		{"nested arrays", bytes.Repeat([]byte{0x91}, ten), msgpack.ErrTooDeep},
		{"nested maps", bytes.Repeat([]byte{0x81, 0x01}, ten), msgpack.ErrTooDeep},
		{"one too deep", append(bytes.Repeat([]byte{0x91}, msgpack.MaxDepth), 0x90), msgpack.ErrTooDeep},
		{"two values", raw(t, "01 02"), msgpack.ErrTrailing},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.ErrorIs(t, msgpack.Valid(tt.input), tt.want)
			got, err := msgpack.AppendJSON([]byte("x"), tt.input)
			require.ErrorIs(t, err, tt.want)
			require.Equal(t, "x", string(got))
		})
	}
}

func TestHostileKeys(t *testing.T) {
	t.Parallel()
	for _, input := range []string{"81 81 90 01 02", "81 91 81 80 01 02", "81 91 81 01 81 90 01 02"} {
		require.NoError(t, msgpack.Valid(raw(t, input)))
		_, err := msgpack.AppendJSON(nil, raw(t, input))
		require.ErrorIs(t, err, msgpack.ErrKey)
	}
	_, err := msgpack.AppendJSON(nil, bytes.Repeat([]byte{0x81}, 10_000_000))
	require.ErrorIs(t, err, msgpack.ErrKey)

	// Duplicates cost memory, so there is an end to them.
	const n = 1 << 18
	_, err = msgpack.AppendJSON(nil, append(msgpack.AppendMap(nil, n), make([]byte, 2*n)...))
	require.ErrorIs(t, err, msgpack.ErrDuplicate)
}

// Duplicate keys on every level must not cost more than a level's share.
func TestNestedDuplicates(t *testing.T) {
	t.Parallel()
	packed, text := []byte{0xc0}, "null"
	for range msgpack.MaxDepth {
		// {"a": 1, "b": <inner>, "b": 2, "a": <inner>} would double; keep one.
		m := raw(t, "83 a161 01 a162 02 a161")
		packed = append(m, packed...)
		text = `{"a": ` + text + `, "b": 2}`
	}
	got, err := msgpack.AppendJSON(nil, packed)
	require.NoError(t, err)
	require.Equal(t, text, string(got))
}

func TestTruncatedEverywhere(t *testing.T) {
	t.Parallel()
	b := jobReturn()[:4096] // cut within
	for n := range b {
		require.ErrorIs(t, msgpack.Valid(b[:n]), msgpack.ErrTruncated)
		_, err := msgpack.AppendJSON(nil, b[:n])
		require.ErrorIs(t, err, msgpack.ErrTruncated)
	}
	whole := raw(t, "de0009 a161 cd0100 a162 d100ff a163 ca3fc00000 a164 cb3ff0000000000000 a165 c40161"+
		"a166 d9026162 a167 d505aabb a168 dc000101 a169 c7020561ff")
	require.NoError(t, msgpack.Valid(whole))
	for n := range whole {
		require.ErrorIs(t, msgpack.Valid(whole[:n]), msgpack.ErrTruncated)
	}
}

func TestAppendJSONString(t *testing.T) {
	t.Parallel()
	require.Equal(t, `x"a\"ü\n`+"\ufffd\"", string(msgpack.AppendJSONString([]byte("x"), "a\"ü\n\xff")))
}
