// Package eauthtest holds the suite that every eauth backend passes. A new
// backend's test is a fixture and one call:
//
//	eauthtest.RunBackend(t, func(t *testing.T) eauthtest.Fixture {
//		return eauthtest.Fixture{Backend: ldap.New(...), Right: ..., User: "alice"}
//	})
//
// It imports eauth.
package eauthtest
