// Package security attacks a gateway before real masters: what led to CVEs of
// Salt and of its API, and what the logs and the audit log keep of it. The tests
// use package envtest.
package security
