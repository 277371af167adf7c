package msgpack

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// extentOf scans b as it would arrive in pieces of n bytes. The result is -1
// when b ends within its first value.
func extentOf(b []byte, n int) (int, error) {
	var e Extent
	for have := min(n, len(b)); ; have = min(have+n, len(b)) {
		done, err := e.Scan(b[:have])
		switch {
		case err != nil:
			return 0, err
		case done:
			return int(e.End()), nil
		case have == len(b):
			return -1, nil
		}
	}
}

func TestExtent(t *testing.T) {
	t.Parallel()
	long := AppendString(nil, string(bytes.Repeat([]byte("x"), 70_000)))
	tests := map[string]struct {
		in   string
		want int // -1: it ends within the value
	}{
		"nothing":              {"", -1},
		"integer":              {"\x07more", 1},
		"negative":             {"\xff", 1},
		"nil":                  {"\xc0", 1},
		"float":                {"\xcb\x00\x00\x00\x00\x00\x00\x00\x00x", 9},
		"half a float":         {"\xcb\x00\x00", -1},
		"text":                 {"\xa3abcd", 4},
		"half a text":          {"\xa3ab", -1},
		"text, length to come": {"\xda\x01", -1},
		"bytes":                {"\xc4\x02abc", 4},
		"extension":            {"\xc7\x02\x05abc", 5},
		"fixed extension":      {"\xd4\x05ab", 3},
		"empty map":            {"\x80\x80", 1},
		"map":                  {"\x82\x01\x02\xa1a\x91\xc3rest", 7},
		"map of 16 bits":       {"\xde\x00\x01\x01\x02x", 5},
		"array of 32 bits":     {"\xdd\x00\x00\x00\x02\x01\x90x", 7},
		"huge array":           {"\xdd\xff\xff\xff\xff\x01", -1},
		"huge map":             {"\xdf\xff\xff\xff\xff\x01", -1},
		"long text":            {string(long) + "x", len(long)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, piece := range []int{1, 3, 1 << 20} {
				got, err := extentOf([]byte(test.in), piece)
				require.NoError(t, err)
				require.Equal(t, test.want, got, "in pieces of %d", piece)
			}
		})
	}
	_, err := extentOf([]byte("\x92\x01\xc1"), 1)
	require.ErrorIs(t, err, ErrInvalid)
	require.ErrorContains(t, err, "byte 2")
}

func FuzzExtent(f *testing.F) {
	for _, seed := range []string{"\x82\x01\x02\xa1a\x91\xc3rest", "\xc1", "\xdd\xff\xff\xff\xff\x01", "\xc7\x02\x05abc"} {
		f.Add([]byte(seed), 3)
	}
	f.Fuzz(func(t *testing.T, b []byte, piece int) {
		if piece < 1 || piece > 1<<20 {
			piece = 1
		}
		got, err := extentOf(b, piece)
		if err == nil && got > 0 {
			require.LessOrEqual(t, got, len(b))
		}
		end, skipErr := skip(b, 0)
		if skipErr == nil {
			require.NoError(t, err)
			require.Equal(t, end, got)
		} else if err == nil && got >= 0 {
			require.ErrorIs(t, skipErr, ErrTooDeep)
		}
	})
}
