// Package rights holds what Saltern lets a user do against what a real master
// does: the rules of external_auth, eauth modules, LDAP, and Salt tokens. The
// tests use package envtest.
package rights
