package msgpack_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

func TestAppendFromJSON(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, input, want string }{
		{"words", ` [null, true ,false]`, "93c0c3c2"},
		{"ints", `[0, -0, 128, -33, 18446744073709551615]`, "950000cc80d0dfcfffffffffffffffff"},
		{"ints beyond 64 bits", `[18446744073709551616, -9223372036854775809]`,
			"92b4" + hex.EncodeToString([]byte("18446744073709551616")) + "b4" + hex.EncodeToString([]byte("-9223372036854775809"))},
		{"floats", `[1.0, 1e0, -0.0, 1e400]`, "94cb3ff0000000000000cb3ff0000000000000cb8000000000000000cb7ff0000000000000"},
		{"no numbers", `[NaN, Infinity, -Infinity]`, "93cb7ff8000000000000cb7ff0000000000000cbfff0000000000000"},
		{"order", `{"b": 1, "a": 2}`, "82a16201a16102"},
		{"duplicates", `{"a": 1, "b": 2, "a": 3}`, "82a16103a16202"},
		{"duplicates by escape", `{"a": 1, "\u0061": 2, "\ud83d\ude00": 3, "😀": 4}`, "82a16102a4f09f988004"},
		{"duplicates within duplicates", `{"a":{"b":1,"b":2},"a":{"c":3,"c":[4,{"d":5,"d":6}]}}`, "81a16181a1639204" + "81a16406"},
		{"sixteen keys, two equal", `{"0":0,"1":0,"2":0,"3":0,"4":0,"5":0,"6":0,"7":0,"8":0,"9":0,"a":0,"b":0,"c":0,"d":0,"e":0,"0":1}`,
			"8fa13001a13100a13200a13300a13400a13500a13600a13700a13800a13900a16100a16200a16300a16400a16500"},
		{"escapes", `"\"\\\/\b\f\n\r\t\u0000\u00e9\uD83D\uDE00"`, "af225c2f080c0a0d0900c3a9f09f9880"},
		{"raw text", `"é/` + "\x7f" + `"`, "a4c3a92f7f"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := msgpack.AppendFromJSON([]byte{0x91}, []byte(tt.input))
			require.NoError(t, err)
			require.Equal(t, "91"+tt.want, hex.EncodeToString(got))
		})
	}
}

func TestAppendFromJSONErrors(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", msgpack.MaxDepth+1)
	tests := []struct {
		name, input string
		offset      int64
		msg         string
	}{
		{"empty", "", 0, "Expecting value"},
		{"cut", `[1, `, 4, "Expecting value"},
		{"trailing", `{} x`, 3, "Extra data"},
		{"no colon", `{"a" 1}`, 5, "Expecting ':' delimiter"},
		{"no comma", `[1 2]`, 3, "Expecting ',' delimiter"},
		{"no key", `{"a":1,}`, 7, "Expecting property name enclosed in double quotes"},
		{"no end of a key", `{"a`, 1, "Unterminated string starting at"},
		{"line in a string", "\"a\n\"", 2, "Invalid control character at"},
		{"bad escape", `["\q"]`, 2, `Invalid \escape`},
		{"bad \\u", `["\u12"]`, 3, `Invalid \uXXXX escape`},
		{"lone high surrogate", `["\ud800"]`, 2, "Lone surrogate"},
		{"lone low surrogate", `["\udc00\ud800"]`, 2, "Lone surrogate"},
		{"surrogates the wrong way", `"\ud83d\u0041"`, 1, "Lone surrogate"},
		{"not utf-8", "[\"a\xff\"]", 3, "Invalid UTF-8"},
		{"byte order mark", "\ufeff1", 0, "Expecting value"},
		{"deep", deep, msgpack.MaxDepth, "Nested too deep"},
		{"deep objects", strings.Repeat(`{"":`, 10_000_000), 4 * msgpack.MaxDepth, "Nested too deep"},
		{"long integer", strings.Repeat("9", 4301), 0, "Integer too long"},
		{"duplicates", `{"":1` + strings.Repeat(`,"":1`, 1<<18) + `}`, 0, "Too many duplicate keys"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := msgpack.AppendFromJSON([]byte{0x91}, []byte(tt.input))
			require.Equal(t, &msgpack.SyntaxError{Offset: tt.offset, Msg: tt.msg}, err)
			require.Equal(t, []byte{0x91}, got)
		})
	}
	require.EqualError(t, &msgpack.SyntaxError{Offset: 3, Msg: "Extra data"}, "json: Extra data: byte 3")

	_, err := msgpack.AppendFromJSON(nil, []byte(deep[1:]+strings.Repeat("]", msgpack.MaxDepth)))
	require.NoError(t, err)
}

func TestJSONTruncatedEverywhere(t *testing.T) {
	t.Parallel()
	doc, err := msgpack.AppendJSON(nil, jobReturn())
	require.NoError(t, err)
	for n := range 4096 {
		_, err := msgpack.AppendFromJSON(nil, doc[:n])
		require.Error(t, err)
	}
	back, err := msgpack.AppendFromJSON(nil, doc)
	require.NoError(t, err)
	again, err := msgpack.AppendJSON(nil, back)
	require.NoError(t, err)
	require.Equal(t, string(doc), string(again))
}
