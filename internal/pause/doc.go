// Package pause waits for a time, as long as a context has not ended.
//
//	if err := pause.For(ctx, time.Second); err != nil {
//		return err
//	}
//
// The package imports the standard library only.
package pause
