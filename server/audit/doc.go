// Package audit writes down who did what through the gateway, and finds it
// again: one JSON line for each token that is given out, exchanged, refused or
// revoked, each command, each login and each stream.
//
// A line is in the file before the request that it is about is answered, so
// that what was answered can be found after a crash of the gateway. (A line is
// not forced onto the disk: a crash of the machine can cost the last seconds.)
// No line has a password, a token or a session id in it, and the arguments of
// commands only where the operator asks for them.
//
// A [Recorder] notes what one request does, for these lines and for the gateway's
// log. The package imports lowstate and eauth, for what commands and tokens are,
// and server/web.
//
//	log, err := audit.Open(audit.Options{File: "/var/lib/saltern/audit/audit.jsonl"})
//	defer log.Close()
//	log.Write(ctx, audit.Entry{Event: audit.Login, Outcome: audit.OK, User: "ops", Eauth: "pam"})
//	page, err := log.Find(ctx, audit.Query{User: "ops", Limit: 10})
package audit
