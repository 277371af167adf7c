package tokenapi

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestForm(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Params{
		"":                                     {},
		"api_token=T":                          {"api_token": "T"},
		"api_token=&passcode=&refresh_token=T": {"refresh_token": "T"},
		"grant_type=refresh_token&refresh_token=a%2Bb+c": {"grant_type": "refresh_token", "refresh_token": "a+b c"},
		"a":      {},
		"a=b=c":  {"a": "b=c"},
		"&&a=b&": {"a": "b"},
	} {
		got, err := ParseForm([]byte(text))
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{
		"a=1&a=1", "a=&a=1", "a=1&%61=2", "a=%zz", "a=1;b=2", "a=%ff", "%ff=a", strings.Repeat("&", maxParams),
	} {
		_, err := ParseForm([]byte(text))
		require.Error(t, err, text)
		require.NotContains(t, err.Error(), "zz", "the body may be a secret")
	}
}

func TestObject(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Params{
		`{}`: {},
		` {"refresh_token": "T", "passcode": "", "x": null, "n": 1, "l": ["a", {"b": {}}]} `: {"refresh_token": "T"},
		`{"Refresh_Token": "T"}`: {"Refresh_Token": "T"},
		`{"a\u0062": "é"}`:       {"ab": "é"},
	} {
		got, err := parseObject([]byte(text))
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{
		``, `[]`, `"a"`, `null`, `{"a":1,"a":1}`, `{"a":"x","\u0061":"y"}`, `{"a":"x"} {}`, `{"a"}`, `{`, "{\"a\":\"\xff\"}",
		`{` + strings.Repeat(`"a":1,`, 10) + `}`, `{"a":` + strings.Repeat("[", 20_000),
	} {
		_, err := parseObject([]byte(text))
		require.Error(t, err, text)
	}
}

func FuzzForm(f *testing.F) {
	f.Add([]byte("grant_type=refresh_token&refresh_token=T"))
	f.Add([]byte("a=%2B&b=+&c"))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := ParseForm(body)
		if err != nil {
			require.Nil(t, p)
			return
		}
		values := make(url.Values)
		for name, value := range p {
			require.NotEmpty(t, value)
			values.Set(name, value)
		}
		again, err := ParseForm([]byte(values.Encode()))
		require.NoError(t, err)
		require.Equal(t, p, again)
	})
}

func FuzzObject(f *testing.F) {
	f.Add([]byte(`{"refresh_token":"T","scope":null,"x":[1]}`))
	f.Add([]byte(`{"a":"\ud800"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := parseObject(body)
		if err != nil {
			require.Nil(t, p)
			return
		}
		var whole map[string]any
		require.NoError(t, json.Unmarshal(body, &whole))
		for name, value := range p {
			require.Equal(t, whole[name], value)
		}
	})
}
