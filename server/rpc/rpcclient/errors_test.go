package rpcclient

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// Whatever a server answers is read, or is an error, and an error has a text.
func FuzzEnvelope(f *testing.F) {
	for _, text := range []string{
		`{"riq":1,"ret":null,"error":{"code":4040,"message":"none","detail":{"state":"not_found","retry_after":5}},"warnings":[]}`,
		`{"error":"text"}`, `{"error":{"code":"x","message":[1],"detail":"y"}}`, `{"error":null,"ret":1}`, `[]`, `{"error":{}}`, `{"error":5}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var e envelope
		if json.Unmarshal([]byte(text), &e) != nil || e.Error == nil {
			return
		}
		require.True(t, utf8.ValidString(e.Error.Error()) || !utf8.ValidString(text))
		again, err := json.Marshal(e.Error)
		require.NoError(t, err)
		var other Error
		require.NoError(t, json.Unmarshal(again, &other))
		require.Equal(t, *e.Error, other)
	})
}
