// Package smtptest is a mail server for tests, on loopback:
//
//	server := smtptest.Start(t, smtptest.Options{STARTTLS: true})
//	sender, err := mail.New(mail.Options{Server: server.Address, Roots: server.Roots, From: "saltern@example.com"})
//	got := <-server.Mails
//
// It imports eauth/apitoken/reminder/remindertest and internal/certtest.
package smtptest
