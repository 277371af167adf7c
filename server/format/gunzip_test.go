package format_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/server/format"
)

func gzipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// inflate reads a body of at most 1000 bytes.
func inflate(t *testing.T, coding string, body io.Reader) (string, error) {
	t.Helper()
	r, err := format.Decompress(http.Header{"Content-Encoding": {coding}}, body, 1000, nil)
	require.NoError(t, err)
	b, err := io.ReadAll(r)
	return string(b), err
}

func TestDecompress(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("text ", 200)
	for _, coding := range []string{"gzip", "GZIP", "x-gzip"} {
		got, err := inflate(t, coding, iotest.OneByteReader(bytes.NewReader(gzipped(t, text))))
		require.NoError(t, err)
		require.Equal(t, text, got)
	}
	parts := append(gzipped(t, "a"), gzipped(t, "b")...)
	got, err := inflate(t, "gzip", bytes.NewReader(parts))
	require.NoError(t, err)
	require.Equal(t, "ab", got)

	for _, h := range []http.Header{nil, {"Content-Encoding": {"identity"}}, {"Content-Encoding": {"Identity"}}} {
		body := strings.NewReader(text)
		r, err := format.Decompress(h, body, 1, nil)
		require.NoError(t, err)
		require.Same(t, body, r)
	}
}

func TestDecompressRefuses(t *testing.T) {
	t.Parallel()
	good := gzipped(t, "text")
	broken := bytes.Clone(good)
	broken[len(broken)-5] ^= 1 // within the checksum
	for name, c := range map[string]struct {
		body   []byte
		status int
	}{
		"a bomb":            {gzipped(t, strings.Repeat("0", 10<<20)), 413},
		"one byte too many": {gzipped(t, strings.Repeat("0", 1001)), 413},
		"many empty ones":   {bytes.Repeat(gzipped(t, ""), 100), 413},
		"truncated":         {good[:len(good)-1], 400},
		"header only":       {good[:9], 400},
		"garbage":           {append(bytes.Clone(good), "garbage"...), 400},
		"a zero":            {append(bytes.Clone(good), 0), 400},
		"checksum":          {broken, 400},
	} {
		got, err := inflate(t, "gzip", bytes.NewReader(c.body))
		requireRefusal(t, err, c.status, "The request body is ")
		require.LessOrEqual(t, len(got), 1000, name)
	}
}

// TestDecompressPassesOver is about headers that do not match the body:
// salt-api ignores all of them.
func TestDecompressPassesOver(t *testing.T) {
	t.Parallel()
	packed := string(gzipped(t, "text"))
	for _, c := range []struct{ coding, body, want string }{
		{"gzip", "", ""},
		{"gzip", "[]", "[]"},
		{"x-gzip", "\x1f", "\x1f"},
		{"UTF-8", "[]", "[]"},
		{"br", "[]", "[]"},
		{"deflate", "[]", "[]"},
		{"", "[]", "[]"},
		{"UTF-8, gzip", packed, "text"},
		{"identity,GZIP", packed, "text"},
		{"gzip, gzip", packed, "text"},
		{"br", packed, packed},
	} {
		got, err := inflate(t, c.coding, strings.NewReader(c.body))
		require.NoError(t, err, c)
		require.Equal(t, c.want, got, c)
	}
	_, err := inflate(t, "gzip", strings.NewReader(strings.Repeat(" ", 1001)))
	requireRefusal(t, err, 413, "The request body is ")
}

// TestDecompressPassesErrorsOn distinguishes a client that stalls from one that
// sends invalid gzip, both in the header and after it.
func TestDecompressPassesErrorsOn(t *testing.T) {
	t.Parallel()
	good := gzipped(t, "text")
	for _, n := range []int{0, 5, 10, len(good) - 1} {
		body := io.MultiReader(bytes.NewReader(good[:n]), iotest.ErrReader(os.ErrDeadlineExceeded))
		_, err := inflate(t, "gzip", body)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		_, ours := errors.AsType[*format.Error](err)
		require.False(t, ours)
	}
}

// FuzzDecompress holds the reader to its limit and to its kinds of errors.
func FuzzDecompress(f *testing.F) {
	f.Add([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x01\x01\x00\xfe\xff\x61\x43\xbe\xb7\xe8\x01\x00\x00\x00"))
	f.Add([]byte("\x1f\x8b\x08\x1f\x00\x00\x00\x00\x00\xff\x02\x00ab\x00c\x00"))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := inflate(t, "gzip", bytes.NewReader(body))
		require.LessOrEqual(t, len(got), 1000)
		if err != nil {
			e, ok := errors.AsType[*format.Error](err)
			require.True(t, ok, "%v", err)
			require.Contains(t, []int{400, 413}, e.Status)
		}
	})
}
