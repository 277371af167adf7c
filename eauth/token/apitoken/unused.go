package apitoken

import (
	"context"
	"errors"
	"time"
)

// WhyUnused is the reason that [RevokeUnused] gives.
const WhyUnused = "unused"

// RevokeUnused revokes the listed tokens that showed no sign of use since
// then, see [Record.LastSign]. It returns those, for the audit log.
func RevokeUnused(ctx context.Context, s Tokens, since, now time.Time) (revoked []Record, err error) {
	for q := (Query{Limit: 1000}); ; {
		page, next, err := s.List(ctx, q)
		if err != nil {
			return revoked, err
		}
		for _, r := range page {
			if r.LastSign().After(since) {
				continue
			}
			ids, err := s.Revoke(ctx, r.ID, Revocation{At: now, Why: WhyUnused, UnusedSince: since})
			if err != nil && !errors.Is(err, ErrNotFound) {
				return revoked, err
			}
			if len(ids) > 0 {
				revoked = append(revoked, r)
			}
		}
		if next == "" {
			return revoked, nil
		}
		q.After = next
	}
}
