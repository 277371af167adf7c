//go:build linux && cgo

package pam

import "runtime"

// askAccount checks an account with libpam and blocks for as long as that
// takes. Prompts are not answered.
func askAccount(q *question) answer {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	c := &conversation{user: q.user, asked: true}
	tx, err := start(q, c)
	if err != nil {
		return answer{verdict: broken, class: "start: " + class(err)}
	}
	defer func() { _ = tx.End() }()
	if err := tx.AcctMgmt(flags); err != nil {
		return c.answer(err, "account: ")
	}
	return answer{verdict: right, user: q.user}
}
