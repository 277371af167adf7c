package yamlin_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/yamlin"
)

// The tags of YAML's core schema and those of YAML 1.1, as PyYAML's safe loader
// has them in Salt 3006 and 3008: "" is what that loader refuses, too.
func TestTags(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"!!str 5": `"5"`, "!!str": `""`, "!!str null": `"null"`, "!<tag:yaml.org,2002:str> 5": `"5"`, "!!python/unicode x": `"x"`,
		"!!int '5'": "5", "!!int 0x1f": "31", "!!int '-010'": "-8", "!!int 5.5": "", "!!int ''": "",
		"!!float 1": "1.0", "!!float '1.5'": "1.5", "!!float x": "",
		"!!bool yes": "true", "!!bool 'off'": "false", "!!bool x": "", "!!null x": "null", "!!null ''": "null",
		"!!map {b: 1}": `{"b": 1}`, "!!map [1]": "", "!!seq [1]": "[1]", "!!seq {a: 1}": "", "!!str [a]": "", "!!str {b: 1}": "",
		"!!omap [b: 1]": `[["b", 1]]`, "!!pairs [b: 1]": `[["b", 1]]`, "!!set {b}": `["b"]`,
		"!!timestamp 2001-01-01": `"2001-01-01"`, "!!binary aGk=": `"hi"`, "! 5": "5",
		"[!!str, 5]": `["", 5]`, "[!!str,5]": `["", 5]`, "[!!str, !!str null]": `["", "null"]`, "[!!null, &a !!str, 5]": `[null, "", 5]`,
		"[!<tag:yaml.org,2002:str>, 5]": `["", 5]`, "[!!int, 5]": "", "[!!map, 5]": "", "[!own, 5]": "", "{!!str, b}": `{"": null, "b": null}`,
		`["a, !!str, b", 'it''s !!str, x', foo !!str, bar!]`: `["a, !!str, b", "it's !!str, x", "foo !!str", "bar!"]`,
		"Hello!, you": `"Hello!, you"`, "!!str, b": "", "- !!str, x": "", "|\n a !!str, b": `"a !!str, b"`, `"!a, \ue000"`: "\"!a, \ue000\"",
		"!!value x": "", "!!merge x": "", "!!python/str x": "", "!!python/name:os.system x": "", "!own x": "",
	} {
		v, err := yamlin.Document(nil, []byte(text))
		if want == "" {
			require.Error(t, err, text)
			continue
		}
		require.NoError(t, err, text)
		js, err := msgpack.AppendJSON(nil, v)
		require.NoError(t, err, text)
		require.Equal(t, want, string(js), text)
	}
}
