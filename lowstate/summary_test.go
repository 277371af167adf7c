package lowstate

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/credname"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

func chunkOf(t *testing.T, text string) Chunk {
	t.Helper()
	chunks, err := Parse(nil, []byte("{"+text+"}"), 0)
	require.NoError(t, err)
	return chunks[0]
}

func TestSummary(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Summary{
		`"client": "local", "tgt": "*", "fun": "test.ping", "username": "ops", "eauth": "pam", "password": "x"`: {
			Client: "local", Fun: "test.ping", Tgt: "*", TgtType: "glob", User: "ops", Eauth: "pam"},
		`"client": "local", "tgt": ["a", "b"], "tgt_type": "list", "fun": ["test.ping", "cmd.run"]`: {
			Client: "local", Fun: "test.ping,cmd.run", Tgt: "a,b", TgtType: "list"},
		`"client": "runner", "fun": "manage.up", "token": "f00"`:             {Client: "runner", Fun: "manage.up"},
		`"client": 5, "tgt": {"a": 1}, "fun": [1, "b"], "username": ["ops"]`: {User: "ops"},
		`"client": null, "tgt": null`:                                        {},
		`"client": "ssh", "tgt": "*", "fun": "echo x", "raw_shell": true`: {
			Client: "ssh", Fun: "ssh._raw", Tgt: "*", TgtType: "glob"},
		``: {},
	} {
		require.Equal(t, want, chunkOf(t, text).Summary(), text)
	}
	long := chunkOf(t, `"tgt": ["`+strings.Repeat(`x", "`, 100000)+`x"], "fun": "`+strings.Repeat("y", 100000)+`"`).Summary()
	require.Less(t, len(long.Tgt), maxSummary+10)
	require.Len(t, long.Fun, maxSummary)
}

func TestArguments(t *testing.T) {
	t.Parallel()
	const most = 1000
	const who = `"client": "local", "tgt": "*", "tgt_type": "glob", "fun": "f", "username": "ops", "eauth": "pam", "password": "mark", "token": "mark"`
	for text, want := range map[string]string{
		``:                              `{}`,
		`"arg": ["a", 1, 1.5, null]`:    `{"arg":["a",1,1.5,null]}`,
		`"kwarg": {"b": {"c": true}}`:   `{"kwarg":{"b":{"c":true}}}`,
		`"timeout": 5, "metadata": "m"`: `{"timeout":5,"metadata":"m"}`,
		`"arg": "Aä\u0007\""`:           `{"arg":"Aä\u0007\""}`,
		`"raw_shell": true`:             `{"fun":"f","raw_shell":true}`,
		`"kwarg": {"user": "x", "PassWord": "mark", "api-key": ["mark"], "l": [{"secret_id": "mark"}]}`: `{"kwarg":{"user":"x","PassWord":"HIDDEN","api-key":"HIDDEN","l":[{"secret_id":"HIDDEN"}]}}`,
		`"arg": ["password=mark", "a=b=password", "x password=y"]`:                                      `{"arg":["password=HIDDEN","a=b=password","x password=HIDDEN"]}`,
		`"ssh_passwd": "mark", "ssh_priv": "mark"`:                                                      `{"ssh_passwd":"HIDDEN","ssh_priv":"HIDDEN"}`,
	} {
		got := string(chunkOf(t, strings.TrimSuffix(who+", "+text, ", ")).Arguments(most))
		require.JSONEq(t, want, got, text)
		require.NotContains(t, got, "mark")
	}
	for name, text := range map[string]string{
		"long text": `"arg": "` + strings.Repeat("x", 100000) + `"`,
		"long list": `"arg": [` + strings.Repeat("1,", 100000) + `1]`,
		"deep":      `"arg": [` + strings.Repeat(" ", 100000) + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `]`,
		"long keys": `"arg": {"` + strings.Repeat("k", 100000) + `": 1}`,
	} {
		c := chunkOf(t, text)
		require.JSONEq(t, `{"arg": "NOT READ"}`, string(c.Arguments(most)), "of somebody who is not known")
		c, err := c.readAll(t.Context(), nil)
		require.NoError(t, err)
		got := c.Arguments(most)
		require.LessOrEqual(t, len(got), most, name)
		require.False(t, json.Valid(got), name)
	}
	odd := Chunk{fields: []field{
		{"arg", msgpack.AppendFloat(nil, math.NaN())}, {"b", msgpack.Raw{0xc7, 1, 5, 0}}, {"c", msgpack.AppendString(nil, "\xff")},
	}}
	inKey := Chunk{fields: []field{{"arg", msgpack.Raw("\x81\x81\xa8password\xa4mark\x01")}}}
	got, whole := inKey.arguments(most)
	require.False(t, whole, "a key that is a mapping is not written, whatever is in it")
	require.NotContains(t, string(got), "mark")
	require.JSONEq(t, `{"arg":null,"b":null,"c":"\ufffd"}`, strings.ToValidUTF8(string(odd.Arguments(most)), "\ufffd"))
}

// FuzzAsked summarizes any chunk. A short result is complete and valid JSON,
// and no value with the name of a credential is shown.
func FuzzAsked(f *testing.F) {
	f.Add([]byte(`{"client": "local", "tgt": ["a"], "fun": ["b"], "arg": [1, {"password": "MARKED"}], "token": "MARKED"}`))
	f.Add([]byte(`{"kwarg": {"secret": {"a": "MARKED"}}, "x": 1e400, "arg": ["token=MARKED"]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		chunks, err := Parse(nil, body, 0)
		if err != nil {
			return
		}
		for _, c := range chunks {
			a := c.Summary()
			for _, text := range []string{a.Client, a.Fun, a.Tgt, a.TgtType, a.User, a.Eauth} {
				require.LessOrEqual(t, len(text), 2*maxSummary+1)
			}
			const most = 4096
			got, whole := c.arguments(most)
			require.LessOrEqual(t, len(got), most)
			if !whole {
				continue
			}
			var object map[string]any
			require.NoError(t, json.Unmarshal(got, &object), "%s", got)
			for key, value := range object {
				require.True(t, !credname.Is(key) || value == Hidden, "%s", got)
			}
		}
	})
}

// The outcome of each chunk in the records.
func TestRecords(t *testing.T) {
	t.Parallel()
	b := gatewayBefore(t, mastertest.Options{Minions: []mastertest.Minion{{ID: "web1"}}})
	const job = `"client": "local_async", "tgt": "*", "fun": "test.ping"`
	call, err := asBench(job, `"client": "runner", "fun": "no.such", "timeout": 0.2`, job)
	require.NoError(t, err)
	call.Authority.Scope = inScope(t, `[{"web*": ["test\\.ping$"]}, {"@runner": ["no\\.such$"]}]`)
	res, err := b.gateway.Run(t.Context(), call)
	require.Error(t, err)
	type came struct{ begun, done bool }
	var got []came
	for _, rec := range res.Records {
		got = append(got, came{rec.Begun, rec.Done})
	}
	require.Equal(t, []came{{true, true}, {true, false}, {false, false}}, got)
	require.Equal(t, "* and web*", res.Records[0].SentTgt)
	require.Equal(t, "compound", res.Records[0].SentTgtType)
	require.Empty(t, res.Records[1].SentTgt)
	require.False(t, res.Records[0].Known)

	call, err = asBench(job)
	require.NoError(t, err)
	res, err = b.gateway.RunStream(t.Context(), call, func(soFar Result, _ Answer) error {
		require.False(t, soFar.Records[0].Done)
		require.NotEmpty(t, soFar.Records[0].JID)
		return nil
	})
	require.NoError(t, err)
	require.True(t, res.Records[0].Done)
	call, err = asBench(job)
	require.NoError(t, err)
	gone := errors.New("the client has gone")
	res, err = b.gateway.RunStream(t.Context(), call, func(Result, Answer) error { return gone })
	require.ErrorIs(t, err, gone)
	require.True(t, res.Records[0].Begun)
	require.False(t, res.Records[0].Done)
}
