package format_test

import (
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/server/format"
)

const asForm = "application/x-www-form-urlencoded"

func TestText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ contentType, body, want string }{
		// The same in every charset, or UTF-8 under any name, as in salt-api.
		{"application/json; charset=ISO-8859-1", `["a"]`, `["a"]`},
		{"application/json; charset=iso-8859-1", `["ä"]`, `["ä"]`},
		{"application/json; charset=nosuch", `["ä"]`, `["ä"]`},
		{"application/json; charset=utf-16", `["a"]`, `["a"]`},
		{asForm + "; charset=ISO-8859-1", "a=b&c=%20+d", "a=b&c=%20+d"},
		{asForm + "; charset=ISO-8859-1", "a=%C3%A4&b=ä", "a=%C3%A4&b=ä"},
		{asForm + "; charset=nosuch", "a=b", "a=b"},

		// Another charset.
		{"application/json; charset=ISO-8859-1", "[\"\xe4\"]", `["ä"]`},
		{`text/yaml; charset="windows-1252"`, "a: \x80", "a: €"},
		{"text/plain; charset=Shift_JIS", "\x93\xfa\x96\x7b", "日本"},
		{"text/plain; charset=utf-16", "\xfe\xff\x00\xe4", "ä"},
		{asForm + "; charset=ISO-8859-1", "a=%E4&b=x%26y&c=%C3%A4", "a=%C3%A4&b=x%26y&c=%C3%A4"},
		{asForm + "; charset=ISO-8859-1", "a=\xe4+%26&\xe4=&&b", "a=%C3%A4+%26&%C3%A4=&b"},

		// For the decoder of the format, whose error has the position.
		{"application/json", "[\"\xe4\"]", "[\"\xe4\"]"},
		{"application/json; charset=utf-8", "\xff", "\xff"},
		{"", "\xff", "\xff"},
		{asForm, "a=%E4", "a=%E4"},
	} {
		got, err := format.Text(http.Header{"Content-Type": {c.contentType}}, []byte(c.body))
		require.NoError(t, err, "%q", c)
		require.Equal(t, c.want, string(got), "%q", c)
	}
}

func TestTextRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		contentType, coding, body string
		status                    int
		text                      string
	}{
		{"application/json; charset=nosuch", "", "\xe4", 406, "Content type not supported: the charset is not known"},
		{"application/json; charset=us-ascii", "", "\xe4", 400, "The request body is not in its charset"},
		{"text/plain; charset=Shift_JIS", "", "\x93", 400, "The request body is not in its charset"},
		{asForm + "; charset=nosuch", "", "a=%E4", 406, "Content type not supported: the charset is not known"},
		{"application/json; charset=ISO-8859-1", "", strings.Repeat("\xe4", 1<<20+1), 413, "The request body is larger than"},
		{"application/json", "br", "\x8b\x00\x80", 415, "Content-Encoding is not supported: only gzip is"},
		{"application/json", "gzip, deflate", "\x8b\x00\x80", 415, "Content-Encoding is not supported: only gzip is"},
	} {
		h := http.Header{"Content-Type": {c.contentType}}
		if c.coding != "" {
			h.Set("Content-Encoding", c.coding)
		}
		got, err := format.Text(h, []byte(c.body))
		require.Nil(t, got, "%q", c)
		requireRefusal(t, err, c.status, c.text)
	}
}

func FuzzText(f *testing.F) {
	charsets := []string{"", "utf-8", "iso-8859-1", "shift_jis", "gb18030", "big5", "euc-kr", "utf-16", "iso-2022-jp", "nosuch"}
	f.Add(byte(2), true, []byte("a=%E4&b=\xe4"))
	f.Add(byte(3), false, []byte("\x93\xfa"))
	f.Fuzz(func(t *testing.T, which byte, isForm bool, body []byte) {
		charset := charsets[int(which)%len(charsets)]
		contentType := "text/plain; charset=" + charset
		if isForm {
			contentType = asForm + "; charset=" + charset
		}
		got, err := format.Text(http.Header{"Content-Type": {contentType}}, body)
		if err != nil {
			require.Nil(t, got)
			return
		}
		require.LessOrEqual(t, len(got), 9*len(body)+9, "three bytes for one, three characters for each")
		if charset != "" && charset != "utf-8" {
			require.True(t, utf8.Valid(got))
		}
	})
}
