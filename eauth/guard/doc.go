// Package guard protects a backend whose check is costly: one that holds a thread in
// PAM, or one of the master's few workers. It refuses credentials that cannot be
// right, throttles guesses, and bounds how many checks run at once.
//
//	g := guard.New(backend, guard.Options{})
//	id, ok, err := g.Authenticate(ctx, credentials)
//
// While it throttles, a right password is refused like a wrong one: same result,
// same time, no check. The one exception protects users whose passwords others are
// guessing: credentials that were recently right from the same address prefix are
// checked (see [admission.Queue.AllowThrottled] for its limits).
//
// Backends include their guard, so no caller can forget it. The package may import
// eauth, eauth/admission, eauth/throttle and internal/pause.
package guard
