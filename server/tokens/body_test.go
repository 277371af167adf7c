package tokens

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/internal/jsonobject"
)

func TestBody(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]jsonobject.Object{
		"":                   nil,
		" \r\n":              nil,
		`{}`:                 nil,
		`{"a": 1, "A": [2]}`: {{Name: "a", Value: []byte(`1`)}, {Name: "A", Value: []byte(`[2]`)}},
		`{"\u0061b": "é"}`:   {{Name: "ab", Value: []byte(`"é"`)}},
	} {
		got, err := readObject([]byte(text))
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for text, want := range map[string]string{
		`{`:                      "The body is not valid JSON",
		`{} {}`:                  "The body is not valid JSON",
		"{\"a\": \"\xff\"}":      "The body is not valid JSON",
		`[]`:                     "The body has to be an object",
		`null`:                   "The body has to be an object",
		`{"a": 1, "\u0061": 2}`:  `The key "a" stands there twice`,
		strings.Repeat("[", 1e5): "The body is not valid JSON",
	} {
		got, err := readObject([]byte(text))
		require.EqualError(t, err, want, text)
		require.Nil(t, got, text)
	}
}

// FuzzBody compares the decoded body with that of package json, and decodes it
// into places too.
func FuzzBody(f *testing.F) {
	f.Add([]byte(`{"name": "ci", "scopes": ["Superuser"], "ttl": null}`))
	f.Add([]byte(`{"a": 1, "\u0061": 2}`))
	f.Add([]byte(`{"name": {"name": 1e999}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		list, err := readObject(body)
		if err != nil {
			require.Nil(t, list)
			return
		}
		var whole map[string]json.RawMessage
		if len(list) > 0 {
			require.NoError(t, json.Unmarshal(body, &whole))
		}
		require.Len(t, whole, len(list))
		for _, m := range list {
			require.Equal(t, string(whole[m.Name]), string(m.Value))
		}
		var name string
		var scopes []string
		if err := decode(list, map[string]any{"name": &name, "scopes": &scopes}); err != nil {
			require.ErrorIs(t, err, issuer.Invalid)
		}
	})
}
