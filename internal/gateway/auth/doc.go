// Package auth puts eauth before one master: the backends with their limits and
// figures, the master's token store in the terms of eauth, and the Salt tokens of
// the gateway's own.
//
//	a := auth.New(c, tokens, auth.NewMetrics(registry), log)
//	defer a.Close(ctx)
//	id, ok, err := a.NewRequestAuth().Authenticate(ctx, credentials)
//
// It imports eauth, saltmaster and the configuration, and nothing of HTTP.
package auth
