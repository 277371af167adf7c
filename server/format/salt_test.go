package format_test

import (
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
	"github.com/saltern-api/saltern/server/format"
)

// The environment variable SALTERN_SALT names the folder of the virtual
// environments that hold the real Salts; with it,
//
//	go test -run TestRealSalt -update
//
// records testdata/vectors.json anew.
var update = flag.Bool("update", false, "record testdata/vectors.json from the Salts in $SALTERN_SALT")

const recorded = "testdata/vectors.json"

// vectors is what testdata/vectors.py prints. All Salts print the same.
type vectors struct {
	YAML []struct {
		Text    string `json:"text"`
		Msgpack []byte `json:"msgpack"` // nil if Salt refuses it
	} `json:"yaml"`
	Forms []struct {
		Body    []byte `json:"body"`
		Msgpack []byte `json:"msgpack"`
	} `json:"forms"`
	Accept []struct {
		Header *string `json:"header"`
		Best   string  `json:"best"` // or the text of a 406
		HTML   bool    `json:"html"`
	} `json:"accept"`
}

func TestRealSalt(t *testing.T) {
	t.Parallel()
	for version, salt := range sandboxtest.Salts(t) {
		out := sandboxtest.PythonFile(t, salt, "testdata/vectors.py", nil)
		if *update {
			require.NoError(t, os.WriteFile(recorded, out, 0o644))
		}
		want, err := os.ReadFile(recorded)
		require.NoError(t, err)
		require.Equal(t, string(want), string(out), version)
	}
}

func readVectors(t *testing.T) vectors {
	t.Helper()
	b, err := os.ReadFile(recorded)
	require.NoError(t, err)
	var v vectors
	require.NoError(t, json.Unmarshal(b, &v))
	return v
}

// refused are the texts that Salt decodes and Saltern does not.
var refused = map[string]bool{
	`!!binary "?"`: true, // Python passes over what is not base64
}

func TestYAMLAsSalt(t *testing.T) {
	t.Parallel()
	table := readVectors(t).YAML
	require.Greater(t, len(table), 45)
	for _, c := range table {
		got, err := format.NewDecoder().Decode(t.Context(), nil, "text/yaml", []byte(c.Text))
		if c.Msgpack == nil || refused[c.Text] {
			requireRefusal(t, err, 400, "Invalid YAML document: ")
			continue
		}
		require.NoError(t, err, "%q", c.Text)
		require.Equal(t, asJSON(t, c.Msgpack), asJSON(t, got), "%q", c.Text)
		require.Equal(t, c.Msgpack, []byte(got), "%q", c.Text)
	}
}

func TestFormAsSalt(t *testing.T) {
	t.Parallel()
	table := readVectors(t).Forms
	require.Greater(t, len(table), 80)
	for _, c := range table {
		got, err := format.NewDecoder().Decode(t.Context(), nil, "application/x-www-form-urlencoded", c.Body)
		require.NoError(t, err, "%q", c.Body)
		require.Equal(t, asJSON(t, c.Msgpack), asJSON(t, got), "%q", c.Body)
		require.Equal(t, c.Msgpack, []byte(got), "%q", c.Body)
	}
}

func TestAcceptAsSalt(t *testing.T) {
	t.Parallel()
	table := readVectors(t).Accept
	require.Greater(t, len(table), 30)
	for _, c := range table {
		var accept []string
		if c.Header != nil {
			accept = []string{*c.Header}
		}
		media, ok := format.Negotiate(accept)
		if ok {
			require.Equal(t, c.Best, media.ContentType(), "%q", accept)
		} else {
			require.Equal(t, c.Best, format.NotAcceptable(accept).Text, "%q", accept)
		}
		asked := c.Header != nil && *c.Header != "" // salt-api sends HTML also where nobody asked
		require.Equal(t, c.HTML && asked, format.PrefersHTML(accept), "%q", accept)
	}
}

func asJSON(t *testing.T, packed []byte) string {
	t.Helper()
	js, err := msgpack.AppendJSON(nil, packed)
	require.NoError(t, err)
	return string(js)
}
