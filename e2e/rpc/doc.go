// Package rpc uses /rpc before real masters, in the sequences in which programs of
// SaltStack Config do. The tests use package envtest.
package rpc
