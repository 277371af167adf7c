package envtest

import (
	"strings"
)

// PAMLogin is the credentials of env.User in a chunk.
const PAMLogin = `"eauth": "pam", "username": "saltdev", "password": "saltdev"`

// Texts and chunks that many tests have.
const (
	TextWrong   = "Authentication error occurred."
	TextWelcome = `{"return": "Welcome", "clients": ["local", "local_async", "local_batch", "local_subset", ` +
		`"runner", "runner_async", "ssh", "wheel", "wheel_async"]}`
	GoodPing       = `"client": "local", "tgt": "ms--0", "fun": "test.ping"`
	GoodPingAnswer = `{"return": [{"ms--0": true}]}`
)

// Hex64 has the form of a Salt token, and is none.
var Hex64 = strings.Repeat("0badc0de", 8)

// Secrets and arguments that are found again wherever they get to.
const (
	MarkPassword = "mark-right-password"
	MarkWrong    = "mark-wrong-password"
	MarkArgument = "mark-argument"
	MarkPlace    = "mark-in-the-query"
	MarkToken    = "0badc0de0badc0de0badc0de0badc0de0badc0de0badc0de0badc0de0badc0de"
)
