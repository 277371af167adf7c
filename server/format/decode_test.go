package format_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server/format"
)

func requireRefusal(t *testing.T, err error, status int, text string) {
	t.Helper()
	e, ok := errors.AsType[*format.Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, status, e.Status)
	require.Contains(t, e.Text, text)
}

func TestContentTypes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ contentType, body, want, refusal string }{
		{"application/json", `{"a": [1]}`, `{"a": [1]}`, ""},
		{"application/json; charset=utf-8", `[]`, `[]`, ""},
		{"Application/JSON;charset=UTF-8", `[]`, `[]`, ""},
		{`application/json;charset="utf-8"`, `"é"`, `"é"`, ""},
		{"application/json; charset", `[]`, `[]`, ""},
		{"application/json; charset=latin1", `[]`, `[]`, ""},
		{"application/json; charset=a; charset=b", `[]`, `[]`, ""},
		{"application/json;;=;", `[]`, `[]`, ""},
		{"application/x-yaml", `a: yes`, `{"a": true}`, ""},
		{"text/yaml", `[1, b]`, `[1, "b"]`, ""},
		{"application/x-www-form-urlencoded", `a=1`, `{"a": "1"}`, ""},
		{"text/plain;charset=UTF-8", `{"client": "local"}`, `{"client": "local"}`, ""},
		{"text/plain", `hello {`, `"hello {"`, ""},
		{"application/json", "", "null", ""},
		{"", "", "null", ""},
		{"application/xml", "", "null", ""},

		{"", "[]", "", "Content type not supported"},
		{"application/xml", "[]", "", "Content type not supported"},
		{"json", "[]", "", "Content type not supported"},
		{"application/json, application/json", "[]", "", "Content type not supported"},
		{"application/json", "{", "", "Invalid JSON document"},
		{"application/json", "\ufeff[]", "", "Invalid JSON document"},
		{"application/json", "\"\xff\"", "", "Invalid JSON document"},
		{"application/json", " ", "", "Invalid JSON document"},
		{"text/plain", "\xff", "", "not UTF-8"},
		{"text/yaml", "a: \xff", "", "Invalid YAML document: line 1: not UTF-8 text"},
		{"text/yaml", "a: [", "", "Invalid YAML document: line 2: did not find expected node content"},
		{"application/x-www-form-urlencoded", "a=\xff", "", "not UTF-8"},
		{"application/x-www-form-urlencoded", "%ff=a", "", "not UTF-8"},
		{"application/x-www-form-urlencoded", strings.Repeat("&", 10_000), "", "too many fields"},
	} {
		got, err := format.NewDecoder().Decode(t.Context(), nil, c.contentType, []byte(c.body))
		if c.refusal == "" {
			require.NoError(t, err, "%q", c)
			require.Equal(t, c.want, asJSON(t, got), "%q", c)
			continue
		}
		status := 400
		if strings.HasPrefix(c.refusal, "Content type") || strings.HasPrefix(c.refusal, "the charset") {
			status = 406
		}
		requireRefusal(t, err, status, c.refusal)
		require.Nil(t, got)
	}
}

// TestErrorsKeepSecrets has passwords where a parser would quote them.
func TestErrorsKeepSecrets(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		"password: *hunter2", "password: &hunter2\nb: &hunter2", "hunter2: 1\nhunter2: 2", "password: !hunter2 x",
		"password: !!hunter2 x", "password: 'hunter2", "password: \"\\hunter2\"", "password: %hunter2", "password: @hunter2",
		"[hunter2: : x]", "? hunter2: x: y",
	} {
		_, err := format.NewDecoder().Decode(t.Context(), nil, "text/yaml", []byte(body))
		requireRefusal(t, err, 400, "Invalid YAML document: ")
		require.NotContains(t, err.Error(), "hunter2")
	}
}

// FuzzDecode decodes any body as any type. The result is valid and proportional
// to the input.
func FuzzDecode(f *testing.F) {
	types := []string{"application/json", "text/yaml", "application/x-www-form-urlencoded", "text/plain"}
	for i, body := range []string{
		`{"client": "local", "arg": [1.5, null]}`,
		"- &a {client: local, tgt: '*'}\n- <<: *a\n  fun: !x y\n",
		"client=local&arg=%5B1%5D&kwarg={a: [*b]}&arg=a+b",
		"text",
	} {
		f.Add(byte(i), []byte(body))
	}
	d := format.NewDecoder()
	f.Fuzz(func(t *testing.T, which byte, body []byte) {
		v, err := d.Decode(context.Background(), nil, types[int(which)%len(types)], body)
		if err != nil {
			require.Nil(t, v)
			requireRefusal(t, err, 400, "")
			return
		}
		require.NoError(t, msgpack.Valid(v))
		require.LessOrEqual(t, len(v), 80*len(body)+80)
	})
}
