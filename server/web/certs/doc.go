// Package certs is the certificates of listeners: key pairs in PEM files, the
// self-signed pair of a gateway that was given none, and the trust anchors for
// the certificates of clients. Each is read again when its files change.
//
// It imports server/web, and nothing else of this module.
package certs
