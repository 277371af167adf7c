package rpc

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

// The schema of each method is one of draft 7.
func TestSchemas(t *testing.T) {
	t.Parallel()
	for _, m := range Methods() {
		text, err := json.Marshal(m.Schema())
		require.NoError(t, err)
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		require.NoError(t, err)
		c := jsonschema.NewCompiler()
		require.NoError(t, c.AddResource("schema.json", doc))
		s, err := c.Compile("schema.json")
		require.NoError(t, err, "%s: %s", m, text)
		require.Equal(t, 7, s.DraftVersion)
		require.NotEmpty(t, m.Doc, m)
		require.NotEmpty(t, m.Returns, m)
		require.NotEmpty(t, resourceDocs[m.Resource], m)
	}
}
