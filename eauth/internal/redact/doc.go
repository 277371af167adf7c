// Package redact keeps tokens out of error texts. A token names a file, so the
// errors of the operating system quote it.
//
// It imports nothing else of Saltern.
package redact
