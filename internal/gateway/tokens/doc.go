// Package tokens opens the service of API tokens as the settings have it: its
// store, whether an owner may still act, reminders, and figures.
//
//	m := tokens.NewMetrics(registry)
//	s, err := tokens.Open(ctx, conf, issuer.Options{Mint: mint, Notify: m.Event, Logger: log})
//	defer s.Close()
//
// It imports eauth/apitoken with its stores, eauth/acl, eauth/pam and the
// configuration, and nothing of HTTP.
package tokens
