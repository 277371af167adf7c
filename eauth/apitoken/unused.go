package apitoken

import (
	"context"
	"errors"
	"time"
)

// WhyUnused is the reason that [RevokeUnused] sets.
const WhyUnused = "unused"

// Unused is a token that was revoked for that reason.
type Unused struct {
	Record Record   // as it was before
	Ended  []string // the ids of the tokens that ended with it, including its own
}

// RevokeUnused revokes the listed tokens that were not active since then, see
// [Record.LastActivity]. It returns them, for the audit log.
func RevokeUnused(ctx context.Context, s Tokens, since, now time.Time) (revoked []Unused, err error) {
	for q := (Query{Limit: 1000}); ; {
		page, next, err := s.List(ctx, q)
		if err != nil {
			return revoked, err
		}
		for _, r := range page {
			if r.LastActivity().After(since) {
				continue
			}
			ids, err := s.Revoke(ctx, r.ID, Revocation{At: now, Why: WhyUnused, UnusedSince: since})
			if err != nil && !errors.Is(err, ErrNotFound) {
				return revoked, err
			}
			if len(ids) > 0 {
				revoked = append(revoked, Unused{r, ids})
			}
		}
		if next == "" {
			return revoked, nil
		}
		q.After = next
	}
}
