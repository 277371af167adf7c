// Package tokentest is a gateway with the APIs for tokens, for tests: the native
// one, OAuth, Cloud Services and Cloud Director, over the real issuer and fake
// sessions.
//
// It imports the packages of these APIs and what is below them. Only tests import it.
package tokentest
