package redact

import "strings"

// Error returns err with every secret in its text replaced. For errors.Is and
// errors.As it is the same error.
func Error(err error, secret string) error {
	if err == nil || secret == "" || !strings.Contains(err.Error(), secret) {
		return err
	}
	return &redacted{err: err, text: strings.ReplaceAll(err.Error(), secret, "(token)")}
}

type redacted struct {
	err  error
	text string
}

func (r *redacted) Error() string { return r.text }
func (r *redacted) Unwrap() error { return r.err }

// GoString keeps %#v from reaching the cause.
func (r *redacted) GoString() string { return r.text }
