// Package failures takes the master away from a gateway, or what it runs on. The
// tests use package envtest.
package failures
