package gateway

import (
	"strings"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
)

// syntaxRows are bodies that are no lowstate.
func syntaxRows() map[string]badRow {
	rows := make(map[string]badRow)
	for body, text := range map[string]string{
		``:                        "Expecting value: line 1 column 1 (char 0)",
		` `:                       "Expecting value: line 1 column 2 (char 1)",
		`not JSON`:                "Expecting value: line 1 column 1 (char 0)",
		`fun=test.ping`:           "Expecting value: line 1 column 1 (char 0)",
		"[{\n  \"client\" 1}]":    "Expecting ':' delimiter: line 2 column 12 (char 14)",
		`[{"é": 1,}]`:             "Expecting property name enclosed in double quotes: line 1 column 10 (char 9)",
		`[] []`:                   "Extra data: line 1 column 4 (char 3)",
		`[{}]garbage`:             "Extra data: line 1 column 5 (char 4)",
		"[\"\xff\"]":              "Invalid UTF-8: line 1 column 3 (char 2)",
		`"[]"`:                    "Lowstates must be a list",
		`null`:                    "Lowstates must be a list",
		`1`:                       "Lowstates must be a list",
		`[1]`:                     "chunk 0: must be an object",
		`[[]]`:                    "chunk 0: must be an object",
		`[{}, null]`:              "chunk 1: must be an object",
		`[{}, {"fun":1,"FUN":2}]`: `chunk 1: the keys "fun" and "FUN" differ in case only`,
		`{"client":1,"ClIeNt":2}`: `chunk 0: the keys "client" and "ClIeNt" differ in case only`,
	} {
		rows["body "+body] = badRow{Request: envtest.Request{Body: body}, status: 400, text: text, refused: true}
	}
	return rows
}

// chunkRows are chunks with a field that is missing or wrong. They are the
// second of their list, after a good one.
func chunkRows() map[string]badRow {
	rows := make(map[string]badRow)
	for rest, text := range map[string]string{
		`"fun": "test.ping", "tgt": "*"`:                    "chunk 1: client is missing",
		`"client": null, "fun": "test.ping"`:                "chunk 1: client is missing",
		`"client": ["local"], "fun": "test.ping"`:           "chunk 1: client must be a string",
		`"client": "nope", "fun": "test.ping", "tgt": "*"`:  "Invalid client specified: 'nope'",
		`"client": "Local", "fun": "test.ping", "tgt": "*"`: "Invalid client specified: 'Local'",
		`"client": "local", "tgt": "*"`:                     "chunk 1: fun is missing",
		`"client": "local", "tgt": "*", "fun": null`:        "chunk 1: fun is missing",
		`"client": "local", "tgt": "*", "fun": 1`:           "chunk 1: fun must be a string",
		`"client": "local", "tgt": "*", "fun": [1]`:         "chunk 1: fun must be a string",
		`"client": "runner"`:                                "chunk 1: fun is missing",
		`"client": "runner", "fun": {}`:                     "chunk 1: fun must be a string",
		`"client": "runner", "fun": "a.b", "kwarg": [1]`:    "chunk 1: kwarg must be an object",
		`"client": "runner", "fun": "a.b", "timeout": "x"`:  "chunk 1: timeout must be a positive number of seconds",
		`"client": "local", "fun": "test.ping"`:             "chunk 1: tgt is missing",
		`"client": "local_async", "fun": "test.ping"`:       "chunk 1: tgt is missing",
	} {
		rows["chunk "+rest] = badChunkRow(rest, text)
	}
	for rest, text := range map[string]string{
		`"jid": "2024"`:                       "jid must be 20 digits",
		`"jid": "2024010101010101010x"`:       "jid must be 20 digits",
		`"jid": "../../../../etc/passwd"`:     "jid must be 20 digits",
		`"jid": 1.5`:                          "jid must be 20 digits",
		`"jid": ["20240101010101010101"]`:     "jid must be 20 digits",
		`"timeout": 0`:                        "timeout must be a positive number of seconds",
		`"timeout": -1`:                       "timeout must be a positive number of seconds",
		`"timeout": "0"`:                      "timeout must be a positive number of seconds",
		`"gather_job_timeout": "soon"`:        "gather_job_timeout must be a positive number of seconds",
		`"kwarg": "test=True"`:                "kwarg must be an object",
		`"kwarg": ["a"]`:                      "kwarg must be an object",
		`"tgt": true, "tgt_type": "compound"`: "tgt must be a string or a list of strings for tgt_type compound",
	} {
		chunk := `"client": "local", "fun": "test.ping", ` + rest
		if !strings.Contains(rest, `"tgt":`) {
			chunk += `, "tgt": "*"`
		}
		rows["field "+rest] = badChunkRow(chunk, "chunk 1: "+text)
	}
	return rows
}

func badChunkRow(rest, text string) badRow {
	body := `[{` + envtest.PAMLogin + `, ` + envtest.GoodPing + `}, {` + envtest.PAMLogin + `, ` + rest + `}]`
	return badRow{Request: envtest.Request{Body: body}, status: 400, text: text}
}

// unknownRows are chunks of which no more is read than who sends them, unless
// that is known.
func unknownRows() map[string]badRow {
	rows := make(map[string]badRow)
	badToken := `"token": "` + strings.Repeat("ab", 32) + `"`
	for _, chunk := range []string{
		`"client": "local", "fun": "test.ping", "tgt": "nope", "tgt_type": "nodegroup"`,
		`"client": "local", "fun": "test.ping", "tgt": "a", "tgt_type": "planet"`,
		`"client": "local_async", "fun": "test.ping"`,
		`"client": "runner"`,
	} {
		rows["by nobody "+chunk] = badRow{Request: envtest.Request{Body: `[{` + badToken + `, ` + chunk + `}]`}, status: 401, text: envtest.TextWrong}
	}
	long := `, "note": ["` + strings.Repeat("long ", 40_000) + `"]}]`
	rows["long, by nobody"] = badRow{Request: envtest.Request{Body: `[{` + badToken + `, ` + envtest.GoodPing + long}, status: 401, text: envtest.TextWrong}
	rows["long"] = badRow{Request: envtest.Request{Body: `[{` + envtest.PAMLogin + `, ` + envtest.GoodPing + long}, status: 200, body: envtest.GoodPingAnswer}
	return rows
}

// httpRows are requests that are wrong before their body is read.
func httpRows() map[string]badRow {
	good := env.Chunk(env.User, envtest.GoodPing)
	allow := map[string]map[string]string{"wsgi": {"Allow": "GET, POST"}, "main": {"Allow": "GET, HEAD, POST"}}
	texts := map[string]string{"wsgi": "Method Not Allowed", "main": textBadMethod}
	gzipped, brotli := map[string]string{"Content-Encoding": "gzip"}, map[string]string{"Content-Encoding": "br"}
	rows := map[string]badRow{
		"GET":           {Request: envtest.Request{Method: "GET", Kind: "-"}, status: 200, body: envtest.TextWelcome},
		"HEAD of wsgi":  {Request: envtest.Request{Method: "HEAD", Kind: "-"}, status: 405, text: texts["wsgi"], refused: true, only: "wsgi", header: allow["wsgi"]},
		"HEAD of main":  {Request: envtest.Request{Method: "HEAD", Kind: "-"}, status: 200, body: envtest.TextWelcome, only: "main"},
		"not brotli":    {Request: envtest.Request{Body: good, Header: brotli}, status: 200, body: envtest.GoodPingAnswer},
		"not gzip":      {Request: envtest.Request{Body: good, Header: gzipped}, status: 200, body: envtest.GoodPingAnswer},
		"brotli":        {Request: envtest.Request{Body: "\x8b\x00\x80", Header: brotli}, status: 415, text: "Content-Encoding is not supported: only gzip is", only: "main"},
		"not a chunk":   {Request: envtest.Request{Kind: "text/plain", Body: "a text"}, status: 400, text: "Lowstates must be a list", only: "main"},
		"no such page":  {Request: envtest.Request{Path: "nope", Body: good}, status: 404, only: "main", body: `{"status": 404, "return": "The path '/nope' was not found."}`},
		"charset utf-8": {Request: envtest.Request{Kind: envtest.JSON + "; charset=utf-8", Body: good}, status: 200, body: envtest.GoodPingAnswer},
		"charset latin": {Request: envtest.Request{Kind: envtest.JSON + "; charset=latin-1", Body: good}, status: 200, body: envtest.GoodPingAnswer},
	}
	for surface := range allow {
		for _, method := range []string{"PUT", "PATCH", "DELETE", "OPTIONS", "BREW"} {
			rows[method+" of "+surface] = badRow{Request: envtest.Request{Method: method, Body: good}, status: 405,
				text: texts[surface], refused: true, only: surface, header: allow[surface]}
		}
	}
	for _, kind := range []string{"-", "text/plain", "application/x-www-form-urlencoded"} {
		rows["type "+kind+" of wsgi"] = badRow{Request: envtest.Request{Kind: kind, Body: good}, status: 406, text: "JSON required", refused: true, only: "wsgi"}
	}
	for _, kind := range []string{"-", "application/xml"} {
		rows["type "+kind+" of main"] = badRow{Request: envtest.Request{Kind: kind, Body: good}, status: 406, text: textBadType, only: "main"}
	}
	return rows
}
