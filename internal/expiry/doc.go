// Package expiry ends contexts together with the credential that they were
// opened with. Long answers (event streams, WebSockets) run in such a context,
// so that they stop when their token expires, is revoked, or is found invalid by
// a periodic check.
//
//	streams := expiry.New(expiry.Options[string, token]{
//		Interval: time.Second,
//		Check:    func(ctx context.Context, open []*expiry.Entry[string, token]) { ... },
//	})
//	defer streams.Close()
//
//	ctx, entry, stop := streams.Follow(ctx, t, t.Expires, errExpired, t.ID)
//	defer stop()
//	...
//	streams.End(errRevoked, t.ID) // from anywhere
//
// The package imports the standard library only.
package expiry
