package webhook

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/reminder"
	"github.com/saltern-api/saltern/internal/signedpost"
)

// Options of a [Sender]. Only URL is required.
type Options struct {
	// URL is https, or http for a host that is this machine. It may contain a
	// secret, and is never logged or returned.
	URL string

	// Secret signs each document; without it there is no signature.
	Secret []byte

	Roots   *x509.CertPool // the CAs of the server's certificate; nil means the system's
	Timeout time.Duration  // of the whole exchange; 10 s
}

// SignatureHeader contains the signature; see [signedpost.Header].
const SignatureHeader = signedpost.Header

// ErrSignature means that a document was not signed with this secret, or is too
// old.
var ErrSignature = signedpost.ErrSignature

// Verify checks a document and its SignatureHeader on the receiver's side. A
// document older than tolerance may be a replay.
func Verify(secret []byte, header string, body []byte, now time.Time, tolerance time.Duration) error {
	return signedpost.Verify(secret, header, body, now, tolerance)
}

// Sender posts to one URL.
type Sender struct{ poster *signedpost.Poster }

var _ reminder.Sender = (*Sender)(nil)

// New returns a sender, without connecting to the far end.
func New(o Options) (*Sender, error) {
	p, err := signedpost.New(signedpost.Options(o))
	if err != nil {
		return nil, err
	}
	return &Sender{p}, nil
}

// Name implements [reminder.Sender].
func (s *Sender) Name() string { return "webhook" }

// Wants implements [reminder.Sender].
func (s *Sender) Wants(apitoken.Record) bool { return true }

// Send implements [reminder.Sender].
func (s *Sender) Send(ctx context.Context, r reminder.Reminder) error {
	body, err := json.Marshal(payload(r))
	if err != nil {
		return fmt.Errorf("%w: %w", reminder.ErrNotSent, err)
	}
	err = s.poster.Post(ctx, signedpost.Document{Body: body, At: r.At})
	if e, ok := errors.AsType[*signedpost.Error](err); ok && !e.MayHaveArrived {
		return fmt.Errorf("%w: %w", reminder.ErrNotSent, err)
	}
	return err
}
