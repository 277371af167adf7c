package jsonobject_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/jsonobject"
)

func ExampleParse() {
	o, err := jsonobject.Parse([]byte(`{"name": "ci", "scopes": ["User"]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	var name string
	var scopes []string
	err = o.Decode(map[string]any{"name": &name, "scopes": &scopes})
	fmt.Println(name, scopes, err)

	_, err = jsonobject.Parse([]byte(`{"name": "ci", "name": "root"}`))
	fmt.Println(err)
	// Output:
	// ci [User] <nil>
	// the key "name" stands there twice
}

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]jsonobject.Object{
		`{}`:                 nil,
		`{"a": 1, "A": [2]}`: {{Name: "a", Value: []byte(`1`)}, {Name: "A", Value: []byte(`[2]`)}},
		`{"\u0061b": "é"}`:   {{Name: "ab", Value: []byte(`"é"`)}},
	} {
		got, err := jsonobject.Parse([]byte(text))
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for text, want := range map[string]error{
		``:                       jsonobject.ErrSyntax,
		`{`:                      jsonobject.ErrSyntax,
		`{"a"}`:                  jsonobject.ErrSyntax,
		`{} {}`:                  jsonobject.ErrSyntax,
		"{\"a\": \"\xff\"}":      jsonobject.ErrSyntax,
		strings.Repeat("[", 1e5): jsonobject.ErrSyntax,
		`[]`:                     jsonobject.ErrNotObject,
		`null`:                   jsonobject.ErrNotObject,
		`"a"`:                    jsonobject.ErrNotObject,
		`{"a": 1, "\u0061": 2}`:  &jsonobject.DuplicateError{Name: "a"},
	} {
		got, err := jsonobject.Parse([]byte(text))
		require.Equal(t, want, err, text)
		require.Nil(t, got, text)
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"name": "ci", "count": 1}`:     "",
		`{"name": null}`:                 "",
		`{"nome": "ci"}`:                 `there is no key "nome"`,
		`{"name": 1}`:                    "name: a number cannot stand there",
		`{"name": "ci", "count": "one"}`: "count: a string cannot stand there",
	} {
		o, err := jsonobject.Parse([]byte(text))
		require.NoError(t, err, text)
		var name string
		var count int
		err = o.Decode(map[string]any{"name": &name, "count": &count})
		if want == "" {
			require.NoError(t, err, text)
		} else {
			require.EqualError(t, err, want)
		}
	}
}

// FuzzParse compares the result with that of package json, and decodes it into
// places too.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"name": "ci", "scopes": ["Superuser"], "ttl": null}`))
	f.Add([]byte(`{"a": 1, "\u0061": 2}`))
	f.Add([]byte(`{"name": {"name": 1e999}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := jsonobject.Parse(text)
		if err != nil {
			require.Nil(t, o)
			return
		}
		var whole map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(text, &whole))
		require.Len(t, whole, len(o))
		for _, m := range o {
			require.Equal(t, string(whole[m.Name]), string(m.Value))
			require.Equal(t, string(m.Value), string(o.Get(m.Name)))
		}
		var name string
		var scopes []string
		_ = o.Decode(map[string]any{"name": &name, "scopes": &scopes})
	})
}
