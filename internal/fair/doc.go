// Package fair divides what is bounded among the address prefixes that ask for
// it, so that no single one can use it up.
//
// [Slots] bounds what runs at once: prefixes wait in turns, and within a prefix
// the users do. [Shares] bounds resources that are held, such as memory or
// connections.
//
//	release, err := slots.Acquire(ctx, fair.Key{From: fair.Prefix(addr), User: name})
//	if err != nil {
//		return err // fair.ErrFull, or the context's
//	}
//	defer release()
//
// All tables hold only the current waiters and holders, and are bounded by
// these.
//
// It imports nothing else of Saltern.
package fair
