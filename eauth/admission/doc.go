// Package admission bounds how many credentials are checked at once, so that
// clients that guess passwords cannot make users wait.
//
// A [Queue] consists of two queues with slots of their own. Credentials that
// were right lately, from the address prefix that they come from now, take the
// known-good queue; all others take the second one. A wrong password, which PAM
// holds for two seconds, can therefore fill the second queue only. Within a
// queue prefixes take turns, and within a prefix its users do; one prefix cannot
// take all slots of the second queue. What is remembered decides which queue is
// taken and which credentials the throttle lets pass, and nothing more: every
// request is checked.
//
//	slot, err := queue.Acquire(ctx, credentials)
//	if err != nil {
//		return err // eauth.ErrBusy, or the context's
//	}
//	slot.Done(check(credentials))
//
// The package may import eauth, eauth/internal, internal/fair and internal/lru.
package admission
