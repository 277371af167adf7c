package msgpack_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// sink is a [msgpack.Sink] in memory. With an error it takes nothing.
type sink struct {
	bytes.Buffer
	largest int
	err     error
}

func (s *sink) Write(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	s.largest = max(s.largest, len(p))
	return s.Buffer.Write(p)
}

func (s *sink) Size() int64 { return int64(s.Len()) }

func (s *sink) Truncate(size int64) error {
	s.Buffer.Truncate(int(size))
	return s.err
}

// mixed is text of about n bytes with all that is special in it.
func mixed(n int) string {
	parts := []string{"plain", "\n", "\"", "\\", "\x01", "\u00fc", "\u20a8", "\U0001f9c2", "\xff", "\xf0\x9f", "\x80\x80\x80\x80\x80", "\xed\xa0\x80"}
	r := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(parts[r.IntN(len(parts))])
	}
	return b.String()
}

func TestJSONWriter(t *testing.T) {
	t.Parallel()
	twice := append(msgpack.AppendMap(nil, 3), "\xa1a\x01\xa1b"...)
	twice = msgpack.AppendString(twice, mixed(200_000))
	for name, v := range map[string][]byte{
		"a word":          {0xc3},
		"a return":        jobReturn(),
		"text":            msgpack.AppendString(nil, mixed(300_000)),
		"text, no UTF-8":  msgpack.AppendString(nil, strings.Repeat("\xff", 300_000)),
		"text of one":     msgpack.AppendString(nil, strings.Repeat("\U0001f9c2", 50_000)+"x"),
		"a long key":      append(msgpack.AppendString(msgpack.AppendMap(nil, 1), mixed(200_000)), 0xc0),
		"key of a list":   append(append(msgpack.AppendMap(nil, 1), jobReturnKey()...), 0xc0),
		"duplicate keys":  append(twice, "\xa1a\x02"...),
		"many words":      append(msgpack.AppendArray(nil, 100_000), bytes.Repeat([]byte{0xc2}, 100_000)...),
		"escapes":         msgpack.AppendString(nil, strings.Repeat("\x01", 100_000)),
		"a binary string": append([]byte{0xc6, 0, 1, 0, 0}, strings.Repeat("ab\xffc", 1<<14)...),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, err := msgpack.TwoPasses(v)
			require.NoError(t, err)
			got, err := msgpack.AppendJSON([]byte("x"), v)
			require.NoError(t, err)
			require.True(t, string(got) == "x"+string(want), "AppendJSON differs")

			to := sink{}
			_, _ = to.Write([]byte("x"))
			w := msgpack.NewJSONWriter(&to)
			require.NoError(t, w.WriteValue(v))
			require.NoError(t, w.WriteValue(v))
			require.True(t, to.String() == "x"+string(want)+string(want), "WriteValue differs")
			require.Less(t, to.largest, 4*msgpack.Piece)

			if name == "a long key" || name == "duplicate keys" {
				return
			}
			require.NoError(t, to.Truncate(1))
			file := bytes.NewReader(v)
			require.NoError(t, w.WriteSection(msgpack.NewSection(file, 0, file.Size())))
			require.NoError(t, w.WriteSection(msgpack.InMemory(v)))
			require.True(t, to.String() == "x"+string(want)+string(want), "WriteSection differs")
			require.Less(t, to.largest, 14*msgpack.Piece)
		})
	}
}

// jobReturnKey is a list, as a key.
func jobReturnKey() []byte {
	return msgpack.AppendString(msgpack.AppendArray(nil, 1), mixed(100))
}

// Of what is refused late, nothing stays.
func TestJSONWriterRefused(t *testing.T) {
	t.Parallel()
	large := msgpack.AppendString(msgpack.AppendArray(nil, 2), mixed(300_000))
	to := sink{}
	w := msgpack.NewJSONWriter(&to)
	_, _ = to.Write([]byte("x"))
	require.ErrorIs(t, w.WriteValue(append(large, 0xc1)), msgpack.ErrInvalid)
	require.ErrorIs(t, w.WriteValue(large), msgpack.ErrTruncated)
	require.Equal(t, "x", to.String())

	to.err = errors.New("no room")
	require.Equal(t, to.err, w.WriteValue(append(large, 0xc3)))
	require.Equal(t, to.err, w.WriteValue([]byte{0xc3}))
	require.Equal(t, to.err, w.WriteValue(append(large, 0xc1)))
}
