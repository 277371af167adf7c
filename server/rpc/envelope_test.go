package rpc

import (
	"encoding/json"
	"testing"
)

func FuzzEnvelope(f *testing.F) {
	for _, seed := range []string{
		`{"resource":"test","method":"echo","arg":["a"],"riq":1}`, `[{"resource":"a","method":"b","kwarg":{"c":1}}]`, `[]`, `[1]`, ``,
		`{"riq":"x","resource":"a","method":"b","args":[null],"kwarg":null}`, `{"riq":{}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		calls, list, err := parse(body, 10)
		if err != nil {
			return
		}
		if len(calls) > 10 || !list && len(calls) != 1 {
			t.Fatalf("%d calls of %q", len(calls), body)
		}
		for _, c := range calls {
			e := envelope{RIQ: c.riq, Warnings: []string{}}
			if c.err != nil {
				shown := c.err.Shown()
				e.Error = &shown
			}
			if text, err := json.Marshal(e); err != nil || !json.Valid(text) {
				t.Fatalf("the envelope of %q: %v", body, err)
			}
			if c.err == nil && (c.resource == "" || c.method == "") {
				t.Fatalf("a call without a name: %q", body)
			}
		}
	})
}
