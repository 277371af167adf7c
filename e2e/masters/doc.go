// Package masters runs the gateway before masters as they may be set up: the transports and their TLS, and the
// layouts of sockets and processes. docs/masters.md is its table. The tests use package envtest.
package masters
