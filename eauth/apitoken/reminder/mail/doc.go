// Package mail sends reminders by SMTP.
//
//	owners, err := mail.New(mail.Options{Server: "mail.example.com:587", From: "saltern@example.com"})
//
// The recipient is the address that a token was made with, or that of Options.To
// for all tokens.
//
// The connection is encrypted and the server's certificate checked; to a server
// without STARTTLS nothing is sent. Only a server on this host may be used without
// encryption.
//
// # What may have been sent
//
// Until the end of the message has been written, every failure is
// [reminder.ErrNotSent]; so is a refusal by the server. Where the answer to the
// whole message does not arrive, the message may have been delivered.
//
// The package may import eauth/apitoken and its reminder.
package mail
