package settings_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/settings"
)

// Origins are compared with those of browsers: in lower case, and without the
// default port.
func TestOrigins(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://ui.example.com":       "https://ui.example.com",
		"HTTPS://UI.Example.COM":       "https://ui.example.com",
		"https://ui.example.com:443":   "https://ui.example.com",
		"http://Ui.example.com:80":     "http://ui.example.com",
		"http://ui.example.com:443":    "http://ui.example.com:443",
		"https://ui.example.com:8443":  "https://ui.example.com:8443",
		"http://[::1]:8080":            "http://[::1]:8080",
		"HTTP://[FE80::1]:80":          "http://[fe80::1]",
		"moz-extension://ABCD":         "moz-extension://abcd",
		"*":                            "*",
		"https://ui.example.com/":      "",
		"https://ui.example.com/x":     "",
		"https://ui.example.com?x":     "",
		"https://ui.example.com#x":     "",
		"https://me@ui.example.com":    "",
		"https://ui.example.com:":      "",
		"https://ui.example.com:0":     "",
		"https://ui.example.com:0443":  "",
		"https://ui.example.com:65536": "",
		"https://ui.exämple.com":       "",
		"https://ui.%65xample.com":     "",
		"https://ui example.com":       "",
		" https://ui.example.com":      "",
		"https://*.example.com\t":      "",
		"ui.example.com":               "",
		"//ui.example.com":             "",
		"https:ui.example.com":         "",
		"https://":                     "",
		"null":                         "",
	} {
		set, err := settings.Parse("f", []byte("cors_origin: ["+quoted(text)+"]"))
		if want == "" {
			require.ErrorContains(t, err, "must be an origin such as", text)
			continue
		}
		require.NoError(t, err, text)
		require.Equal(t, []string{want}, set.CORSOrigin, text)
	}
}

func TestPublicURL(t *testing.T) {
	t.Parallel()
	const wrong = "wrong"
	for text, want := range map[string]string{
		"":                                 "",
		"https://salt.example.com":         "https://salt.example.com",
		"HTTPS://Salt.Example.com:443/Up":  "https://salt.example.com/Up",
		"http://localhost:8000/a/b-c_d.~":  "http://localhost:8000/a/b-c_d.~",
		"https://[::1]:8443":               "https://[::1]:8443",
		"https://salt.example.com/":        wrong,
		"https://salt.example.com/a/":      wrong,
		"https://salt.example.com//a":      wrong,
		"https://salt.example.com/a/../b":  wrong,
		"https://salt.example.com/a%2fb":   wrong,
		"https://salt.example.com/a b":     wrong,
		"https://salt.example.com?a":       wrong,
		"https://salt.example.com/a#b":     wrong,
		"https://u:p@salt.example.com":     wrong,
		"ftp://salt.example.com":           wrong,
		"salt.example.com":                 wrong,
		"https://salt.example.com\r\nX: y": wrong,
		`https://salt.example.com"><a`:     wrong,
	} {
		set, err := settings.Parse("f", []byte("public_url: "+quoted(text)))
		if want == wrong {
			require.ErrorContains(t, err, "must be a URL such as", text)
			continue
		}
		require.NoError(t, err, text)
		require.Equal(t, want, set.PublicURL, text)
	}
	_, err := settings.Parse("f", []byte("public_url: 5"))
	require.Error(t, err)
}

// quoted returns text as YAML.
func quoted(text string) string {
	b, _ := json.Marshal(text) // JSON is YAML
	return string(b)
}
