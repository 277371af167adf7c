// Package differential sends the same requests to salt-api and to Saltern before
// one real master, and compares the answers: chunks, HTTP, odd values and odd
// HTTP. What may differ is listed in docs/differences.md. The tests use package
// envtest.
package differential
