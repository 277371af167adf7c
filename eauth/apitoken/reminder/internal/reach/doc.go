// Package reach holds what the senders of reminders share: the hosts that may be
// reached without TLS, the certificates that are trusted, and how much of a
// remote text may be shown.
//
// It imports nothing else of Saltern.
package reach
