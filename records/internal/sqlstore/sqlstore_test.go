package sqlstore

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records"
)

func TestPeriod(t *testing.T) {
	t.Parallel()
	for begin, want := range map[string][2]string{
		"2026":                 {"2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		"202611":               {"2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"},
		"2026112":              {"2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"},
		"20261122":             {"2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"},
		"20261122133409055051": {"2026-11-22T13:34:09Z", "2026-11-22T13:34:10Z"},
		"20261322":             {},
		"0000":                 {},
		"req":                  {},
		"202":                  {},
	} {
		from, to, ok := period(begin)
		require.Equal(t, want[0] != "", ok, begin)
		if ok {
			require.Equal(t, want[0], from.Format(time.RFC3339), begin)
			require.Equal(t, want[1], to.Add(-time.Second).Format(time.RFC3339), begin)
		}
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		most int
		want string
	}{
		{"abc", 3, "abc"}, {"abcd", 3, "abc"}, {"éé", 3, "é"}, {"é", 1, ""}, {"a\x00", 9, "a\ufffd"}, {"\xff", 9, "\ufffd"}, {"", 0, ""},
	} {
		require.Equal(t, c.want, cut(c.text, c.most))
	}
}

func FuzzArguments(f *testing.F) {
	for _, text := range []string{"", "{}", "\xff", `"` + strings.Repeat("<", maxArguments) + `"`, strings.Repeat("\x00", 3*maxArguments)} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got := arguments(text)
		require.True(t, utf8.ValidString(got))
		require.False(t, strings.Contains(got, "\x00"))
		require.True(t, got == "" || json.Valid([]byte(got)))
		require.LessOrEqual(t, len(got), 6*maxArguments)
	})
}

func FuzzCursor(f *testing.F) {
	f.Add(cursor{Order: "-start", ID: 7}.String(), "-start")
	f.Add(cursor{Order: "user", Text: "ops", ID: 7}.String(), "user")
	f.Add(cursor{Order: orderReturns, Text: "web1"}.String(), orderReturns)
	f.Add("e30", "")
	f.Fuzz(func(t *testing.T, text, order string) {
		c, err := parseCursor(text, order)
		if err != nil {
			var invalid *records.InvalidError
			require.ErrorAs(t, err, &invalid)
			require.Zero(t, c)
			return
		}
		again, err := parseCursor(c.String(), order)
		require.NoError(t, err)
		require.Equal(t, c, again)
	})
}

func FuzzValue(f *testing.F) {
	f.Add(make([]byte, 2*compressFrom))
	f.Add([]byte("x"))
	f.Fuzz(func(t *testing.T, value []byte) {
		coding, stored := compress(value)
		require.LessOrEqual(t, len(stored), len(value))
		again, err := expand(coding, stored, int64(len(value)))
		require.NoError(t, err)
		require.Equal(t, value, again)
		_, err = expand(codingDeflate, value, 100) // foreign bytes
		_ = err
	})
}
