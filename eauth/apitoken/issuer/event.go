package issuer

import (
	"context"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// What happened, for [Event].
const (
	Issued      = "issued"
	Exchanged   = "exchanged"
	Refused     = "refused"
	Regenerated = "regenerated"
	Revoked     = "revoked"
	Reused      = "reused"  // a one-time token was presented again, and its family revoked
	Granted     = "granted" // a device code was approved
	Denied      = "denied"  // or denied
	Changed     = "changed" // a role or a service account
	Removed     = "removed"
)

// Event is an entry for the audit log. It holds no secret.
type Event struct {
	What string
	At   time.Time
	By   Caller // the caller; for an exchange and a refusal only From is set

	// Token is the token concerned; for a refusal, as far as it is known. Others
	// are the ids of the tokens that were issued for it or revoked with it.
	Token  apitoken.Record
	Others []string

	// Subject is the role or the service account of Changed, Removed, Granted
	// and Denied.
	Subject string

	Why string // of a refusal or revocation: one word
}

func (s *Service) notify(ctx context.Context, e Event) {
	if s.opts.Notify != nil {
		e.At = s.now()
		s.opts.Notify(ctx, e)
	}
}
