package apitoken_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// TestStoredRecords reads records in the form of earlier versions.
func TestStoredRecords(t *testing.T) {
	t.Parallel()
	const id = "0b6f6c2e-6f37-4f0f-9b5c-6a1d3a1f7a11"
	want := apitoken.Record{
		ID: id, Kind: apitoken.KindAPI, Name: "ci", Owner: apitoken.Owner{Eauth: "pam", User: "alice"},
		Profile: apitoken.ProfileCSP, Scopes: []string{"User"}, Created: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC),
	}
	const before = `{"id":"` + id + `","kind":"api","name":"ci","owner":{"eauth":"pam","user":"alice"},`
	const after = `"scopes":["User"],"created":"2026-11-01T12:00:00Z"}`
	for name, text := range map[string]string{
		"formerly":     before + `"door":"csp",` + after,
		"with profile": before + `"profile":"csp",` + after,
		"with both":    before + `"door":"vcd","profile":"csp",` + after,
	} {
		var got apitoken.Record
		require.NoError(t, json.Unmarshal([]byte(text), &got), name)
		require.Equal(t, want, got, name)
		written, err := json.Marshal(got)
		require.NoError(t, err, name)
		require.Equal(t, before+`"profile":"csp",`+after, string(written), name)
	}
	require.Error(t, json.Unmarshal([]byte(`{"door":1}`), new(apitoken.Record)))
}
