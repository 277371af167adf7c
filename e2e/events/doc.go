// Package events reads what real masters put on their event bus: streams and
// websockets of the gateway, and returns that are not what they should be. The
// tests use package envtest.
package events
