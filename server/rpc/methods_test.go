package rpc_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/rpc"
)

// attempt is a call of a method.
type attempt struct {
	kwarg string // "" stands for {}
	ret   string // a pattern
	code  int    // 0 stands for none
}

// cases have a good call of each method and an invalid one. A method that needs a
// permission has a refused one too, by a caller without any; all others are refused
// without a credential.
var cases = map[string]struct{ good, invalid, failed attempt }{
	"api.discover": {
		good:    attempt{kwarg: `{"include":["test"]}`, ret: `^\{"test":\{"__doc__":`},
		invalid: attempt{kwarg: `{"include":1}`, code: 4001},
	},
	"api.get_versions": {
		good:    attempt{ret: `^\{"opts":\{\},"raas":\{"raas":"1.2.3","saltern":"1.2.3"\}\}$`},
		invalid: attempt{kwarg: `{"a":1}`, code: 4001},
	},
	"stats.null": {good: attempt{ret: `^null$`}, invalid: attempt{kwarg: `{"a":1}`, code: 4001}},
	"test.echo":  {good: attempt{kwarg: `{"message":"a"}`, ret: `^"a"$`}, invalid: attempt{code: 4001}},
	"test.error": {good: attempt{code: 5001}, invalid: attempt{kwarg: `{"a":1}`, code: 4001}},
	"test.sleep": {
		good:    attempt{kwarg: `{"seconds":"0.001"}`, ret: `^"Slept for 1ms"$`},
		invalid: attempt{kwarg: `{"seconds":1000}`, code: 4001},
	},
	"test.warnings": {good: attempt{ret: `^true$`}, invalid: attempt{kwarg: `{"a":1}`, code: 4001}},
}

// TestMethods requires of each method that is declared that it has its cases, and that
// they are answered as these say.
func TestMethods(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	admin, bob := e.by(t, "admin"), e.by(t, "bob")
	_ = bob
	for _, m := range rpc.Methods() {
		c, ok := cases[m.String()]
		require.True(t, ok, "%s has no cases", m)
		require.True(t, c.good.ret != "" || c.good.code != 0, m)
		require.NotZero(t, c.invalid.code, m)
		for name, a := range map[string]attempt{"good": c.good, "invalid": c.invalid, "failed": c.failed} {
			if name == "failed" && a == (attempt{}) {
				continue
			}
			got := e.post(t, callOf(m, a.kwarg), admin)
			require.Equal(t, a.code, got.code(), "%s, %s: %+v", m, name, got.Error)
			if a.code == 0 {
				require.Regexp(t, a.ret, string(got.Ret), "%s, %s", m, name)
			}
		}
		a := e.Send(t, http.MethodPost, rpc.Path, callOf(m, c.good.kwarg))
		require.Equal(t, http.StatusUnauthorized, a.Status, m)
		if len(m.Needs) > 0 {
			got := e.post(t, callOf(m, c.good.kwarg), e.unable(t))
			require.Contains(t, []int{4030, 4031}, got.code(), "%s", m)
			require.Equal(t, audit.Refused, e.lines.last(t).Event)
			require.Equal(t, m.String(), e.lines.last(t).Subject)
		}
	}
	require.Len(t, cases, len(rpc.Methods()))
}

func callOf(m *rpc.Method, kwarg string) string {
	if kwarg == "" {
		kwarg = "{}"
	}
	return fmt.Sprintf(`{"resource":%q,"method":%q,"kwarg":%s}`, m.Resource, m.Name, kwarg)
}

// What is discovered is what is served, with the parameters in their order.
func TestDiscover(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	bob := e.by(t, "bob")
	got := e.post(t, `{"resource":"api","method":"discover"}`, bob)
	var doc map[string]map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(got.Ret, &doc))
	served := 0
	for resource, methods := range doc {
		for name, about := range methods {
			if name == "__doc__" {
				continue
			}
			served++
			var m struct {
				Formatted string
				Detailed  struct {
					Signature, Doc string
					Schema         map[string]any
					Parameters     [][]any
				}
			}
			require.NoError(t, json.Unmarshal(about, &m))
			require.NotEmpty(t, m.Detailed.Doc)
			require.Contains(t, m.Formatted, "signature: ")
			require.NotEqual(t, 4002, e.post(t, fmt.Sprintf(`{"resource":%q,"method":%q,"kwarg":{"no such":1}}`, resource, name), bob).code())
		}
	}
	require.Equal(t, len(rpc.Methods()), served)
	require.JSONEq(t, `{"signature":"(message)","returns":"the text","doc":"Return a text.","schema":{
		"$schema":"http://json-schema.org/draft-07/schema#","$ref":"#/definitions/TestEchoSchema","definitions":{"TestEchoSchema":{
		"type":"object","additionalProperties":false,"required":["message"],"properties":{
		"message":{"type":"string","description":"The text to return."}}}}},"parameters":[["message"]]}`,
		string(member(t, doc["test"]["echo"], "detailed")))

	for include, want := range map[string]string{
		`[]`: `{}`, `["no"]`: `{}`, `{"test":["__doc__","no"]}`: `{"test":{"__doc__":"Calls that do nothing, to try the API out."}}`,
		`{"test":"__doc__"}`: `{"test":{"__doc__":"Calls that do nothing, to try the API out."}}`,
	} {
		got := e.post(t, `{"resource":"api","method":"discover","kwarg":{"include":`+include+`}}`, bob)
		require.JSONEq(t, want, string(got.Ret), include)
	}
	got = e.post(t, `{"resource":"api","method":"discover","arg":[{"constants":["permissions","command-states"]}]}`, bob)
	require.Contains(t, string(got.Ret), `"cmd-run"`)
	require.Contains(t, string(got.Ret), `"completed_missing_returns"`)
	require.Equal(t, 4001, e.post(t, `{"resource":"api","method":"discover","arg":[{"test":1}]}`, bob).code())
}

func member(t *testing.T, object json.RawMessage, name string) json.RawMessage {
	t.Helper()
	var all map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(object, &all))
	return all[name]
}
