package signature_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/lowstate/internal/signature"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

var update = flag.Bool("update", false, "write stock.json anew")

// TestStockIsSalts compares the table with the installed Salts: it is their
// common part.
func TestStockIsSalts(t *testing.T) {
	var common map[string]signature.Signature
	releases := 0
	for _, salt := range sandboxtest.Salts(t) {
		has := signaturesOf(t, salt)
		require.NotEmpty(t, has)
		releases++
		if common == nil {
			common = has
			continue
		}
		for name, s := range common {
			if !reflect.DeepEqual(has[name], s) {
				delete(common, name)
			}
		}
	}
	if releases < 2 {
		for name, s := range signature.Stock() {
			require.Equal(t, common[name], s, name)
		}
		return
	}
	if *update {
		text, err := json.Marshal(common)
		require.NoError(t, err)
		text = bytes.ReplaceAll(text, []byte("},"), []byte("},\n"))
		require.NoError(t, os.WriteFile("stock.json", append(text, '\n'), 0o600))
		return
	}
	require.Equal(t, common, signature.Stock())
}

func signaturesOf(t *testing.T, salt string) map[string]signature.Signature {
	t.Helper()
	var all map[string]signature.Signature
	require.NoError(t, json.Unmarshal(sandboxtest.PythonFile(t, salt, "testdata/signatures.py", nil), &all))
	return all
}

func TestTakes(t *testing.T) {
	t.Parallel()
	stock := signature.Stock()
	require.True(t, stock["jobs.lookup_jid"].Takes("jid"))
	require.False(t, stock["jobs.lookup_jid"].Takes("tgt"))
	require.True(t, stock["test.arg"].Takes("tgt"), "it takes anything")
	require.True(t, stock["manage.up"].Takes("tgt"), "some runners have a target")
	_, ok := stock["no.such"]
	require.False(t, ok)
}
