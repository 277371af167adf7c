// Package audit writes down who did what through the gateway, and finds it
// again: one JSON line for each token that is given out, exchanged, refused or
// revoked, each command, each login and each stream.
//
// A line is in the file before the response to its request begins, so that it is
// still there after a crash of the gateway. (Lines are not synced to disk: a crash
// of the machine can lose the last seconds.) No line contains a password, a token
// or a session id, and the arguments of commands only if the setting is on.
//
// A [Recorder] records what one request does, for these lines and for the
// gateway's log. The package imports lowstate and eauth, for the types of commands
// and tokens, and server/web.
//
//	log, err := audit.Open(audit.Options{File: "/var/lib/saltern/audit/audit.jsonl"})
//	defer log.Close()
//	log.Write(ctx, audit.Entry{Event: audit.Login, Outcome: audit.OK, User: "ops", Eauth: "pam"})
//	page, err := log.Find(ctx, audit.Query{User: "ops", Limit: 10})
package audit
