package audit

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 5000, time.FixedZone("", 3600))

func TestLine(t *testing.T) {
	t.Parallel()
	e := Entry{
		Time: noon, Event: Command, Outcome: OK, Status: 200, User: "ops", Eauth: "pam",
		TokenID: "a", TokenKind: apitoken.KindAccess, TokenProfile: apitoken.ProfileCSP, Scopes: []string{"web"},
		Owner:   apitoken.Owner{ServiceAccount: "x"},
		Address: "192.0.2.7", RequestID: "r1", ClientRequestID: "c1", Endpoint: "POST /",
		Client: "local", Fun: "state.apply", Tgt: "*", TgtType: "glob", SentTgt: "web* and <&>", SentTgtType: "compound",
		JID: "20261122120000000000", Minions: 2, Arguments: json.RawMessage(`{ "arg": ["<a>"] }`),
		AdditionalProperties: map[string]string{"currentContext.refreshTokenId": "b"},
	}
	require.Equal(t, `{"time":"2026-11-22T11:00:00.000005Z","event":"command","outcome":"ok","status":200,`+
		`"user":"ops","eauth":"pam","token_id":"a","token_kind":"access","token_profile":"csp","scopes":["web"],`+
		`"owner":{"service_account":"x"},"address":"192.0.2.7","request_id":"r1","client_request_id":"c1","endpoint":"POST /",`+
		`"client":"local","fun":"state.apply","tgt":"*","tgt_type":"glob","sent_tgt":"web* and <&>","sent_tgt_type":"compound",`+
		`"jid":"20261122120000000000","minions":2,"arguments":{"arg":["<a>"]},`+
		`"additionalProperties":{"currentContext.refreshTokenId":"b"}}`+"\n", string(e.line()))
	require.Equal(t, `{"time":"2026-11-22T11:00:00.000005Z","event":"login","outcome":"refused"}`+"\n",
		string(Entry{Time: noon, Event: Login, Outcome: Denied}.line()))
}

// Input of a client cannot look like other output in a terminal or end a line.
func TestLineEscapes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain":                `plain`,
		"größe":                `größe`,
		"a\nb\r\t\x00\x1b[2J":  `a\nb\r\t\u0000\u001b[2J`,
		"\x7f\u009b2J\u0085":   `\u007f\u009b2J\u0085`,
		"\u202egnp.exe\u2066":  `\u202egnp.exe\u2066`,
		"\u2028\ufeff\u200b":   `\u2028\ufeff\u200b`,
		"\xff\xc3(":            `\ufffd\ufffd(`,
		"\U000e0041\U0001f600": `\udb40\udc41😀`,
		`"}\`:                  `\"}\\`,
	} {
		line := string(Entry{Time: noon, Event: Login, Outcome: Denied, ClaimedUser: text}.line())
		require.Contains(t, line, `"claimed_user":"`+want+`"}`)
		require.Equal(t, 1, strings.Count(line, "\n"))
	}
}

func TestLineIsCut(t *testing.T) {
	t.Parallel()
	read := func(e Entry) (back Entry) {
		t.Helper()
		line := e.line()
		require.Less(t, len(line), maxLine)
		require.NoError(t, json.Unmarshal(line, &back), string(line))
		return back
	}
	long := strings.Repeat("ü", 5000)
	e := read(Entry{User: long, Agent: long[:200], Tgt: long, Scopes: []string{"a", long}, Others: make([]string, 40)})
	require.Equal(t, []string{"user", "tgt", "scopes", "others"}, e.Clipped)
	require.Equal(t, long[:maxName], e.User)
	require.Equal(t, long[:200], e.Agent)
	require.Equal(t, long[:maxText], e.Tgt)
	require.Equal(t, []string{"a", long[:maxName]}, e.Scopes)
	require.Len(t, e.Others, maxListed)

	scopes := []string{"a", long}
	_ = read(Entry{Scopes: scopes})
	require.Equal(t, long, scopes[1], "the caller's own list stays")

	whole := json.RawMessage(`{"arg":["` + strings.Repeat("x", maxArguments-100) + `"]}`)
	require.Equal(t, string(whole), string(read(Entry{Arguments: whole}).Arguments))
	for name, arguments := range map[string]string{
		"long":      `{"arg":["` + strings.Repeat("x", 2*maxArguments) + `"]}`,
		"escapes":   `{"arg":["` + strings.Repeat(`\"`, maxArguments/2) + `"]}`,
		"not JSON":  `{"arg":[NaN]}`,
		"two lines": "{}\n{}",
	} {
		e := read(Entry{Arguments: json.RawMessage(arguments)})
		require.Equal(t, []string{"arguments"}, e.Clipped, name)
		var text string
		require.NoError(t, json.Unmarshal(e.Arguments, &text), name)
		require.True(t, strings.HasPrefix(arguments, text), name)
	}
	require.Equal(t, "[1,2]", string(read(Entry{Arguments: json.RawMessage("[1,\n2]")}).Arguments))
	e = read(Entry{AdditionalProperties: map[string]string{"a": long}})
	require.Equal(t, []string{"additionalProperties"}, e.Clipped)
}

func FuzzLine(f *testing.F) {
	f.Add("ops", "*", `{"arg": [1]}`)
	f.Add("\xff\u0085\n", strings.Repeat("\U000e0041", 3000), strings.Repeat("\x7f", 9000))
	f.Add("", "", "{\"a\": \"\xff\u2028\"}\n")
	f.Fuzz(func(t *testing.T, name, text, arguments string) {
		e := Entry{
			Time: noon, Event: name, Outcome: name, Why: name, User: name, ClaimedUser: name, Eauth: name,
			TokenID: name, TokenName: name, Subject: text, Agent: text, Endpoint: text, RequestID: text, Address: text,
			Client: text, Fun: text, Tgt: text, TgtType: text, SentTgt: text, SentTgtType: text, JID: text,
			Scopes: []string{name, text}, Others: strings.Split(text, "/"), Arguments: json.RawMessage(arguments),
			Owner:                apitoken.Owner{User: name, Eauth: text, ServiceAccount: text},
			AdditionalProperties: map[string]string{name: text},
		}
		line := e.line()
		require.LessOrEqual(t, len(line), maxLine)
		require.True(t, json.Valid(line), string(line))
		require.Equal(t, len(line)-1, bytes.IndexByte(line, '\n'))
		for _, r := range string(line[:len(line)-1]) {
			require.True(t, unicode.IsPrint(r), "%q", line)
		}
		at, ok := writtenTime(line)
		require.True(t, ok)
		require.Equal(t, "2026-11-22T11:00:00.000005Z", string(at))
	})
}
