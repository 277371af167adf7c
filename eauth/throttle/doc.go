// Package throttle refuses guesses before anything costly is done. It counts
// wrong answers per eauth, user and address prefix; the first few are free, then
// each one doubles the time for which the next attempt is refused ([Backoff]).
//
//	if t.Refused(key) > 0 {
//		return wrong
//	}
//	if check(credentials) {
//		t.Succeeded(key)
//	} else {
//		t.Failed(key)
//	}
//
// The prefix is part of the key, so a client elsewhere cannot lock a user out.
//
// Memory is bounded, and trying many names does not evict earlier failures: a
// prefix has room for some names of its own, and those that do not fit share one
// count. Prefixes evict other prefixes only, and gain no more by that than the
// free attempts that each new prefix has anyway.
//
// [Backoff] alone serves counts that are kept elsewhere: those of API tokens are
// in their store, for all gateways together.
//
// The package may import eauth, internal/fair and internal/lru.
package throttle
