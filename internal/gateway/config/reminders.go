package config

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"

	"github.com/saltern-api/saltern/eauth/apitoken/reminder"
	"github.com/saltern-api/saltern/eauth/apitoken/reminder/mail"
	"github.com/saltern-api/saltern/eauth/apitoken/reminder/webhook"
	"github.com/saltern-api/saltern/internal/settings"
)

// reminderSenders returns the senders of reminders in the settings, with the
// content of their files. The error joins every problem.
func reminderSenders(r settings.Reminders) ([]reminder.Sender, error) {
	mails, mailErr := mailSenders(r.Mail)
	if mailErr != nil {
		mailErr = fmt.Errorf("tokens.reminders.mail.%w", mailErr)
	}
	hooks, hookErr := webhookSenders(r.Webhook)
	if hookErr != nil {
		hookErr = fmt.Errorf("tokens.reminders.webhook.%w", hookErr)
	}
	return append(mails, hooks...), errors.Join(mailErr, hookErr)
}

// mailSenders returns the sender to the owners of tokens, and, if set, one to
// the operator for all tokens.
func mailSenders(m settings.Mail) (senders []reminder.Sender, err error) {
	if m.Server == "" {
		return nil, nil
	}
	o := mail.Options{Server: m.Server, From: m.From, Username: m.Username, TLS: mail.TLS(m.TLS)}
	if o.Password, err = secretFile(m.PasswordFile); err != nil {
		return nil, fmt.Errorf("password_file: %w", err)
	}
	if o.Roots, err = optionalPool(m.CA); err != nil {
		return nil, err
	}
	for _, to := range slices.Compact([]string{"", m.To}) {
		o.To = to
		s, err := mail.New(o)
		if err != nil {
			return nil, err
		}
		senders = append(senders, s)
	}
	return senders, nil
}

func webhookSenders(w settings.Webhook) ([]reminder.Sender, error) {
	if w.URL == "" {
		return nil, nil
	}
	secret, err := secretFile(w.SecretFile)
	if err != nil {
		return nil, fmt.Errorf("secret_file: %w", err)
	}
	roots, err := optionalPool(w.CA)
	if err != nil {
		return nil, err
	}
	s, err := webhook.New(webhook.Options{URL: w.URL, Secret: []byte(secret), Roots: roots})
	if err != nil {
		return nil, err
	}
	return []reminder.Sender{s}, nil
}

// optionalPool reads certificates that are trusted in place of the system's.
func optionalPool(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil //nolint:nilnil // nil stands for the system's
	}
	pool, err := certPool(path)
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	return pool, nil
}
