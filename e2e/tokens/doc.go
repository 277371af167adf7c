// Package tokens uses API tokens before real masters: made, used, revoked, in
// Redis, and by the clients of Cloud Services and Cloud Director. The tests use
// package envtest.
package tokens
