package issuer

import (
	"fmt"
	"strconv"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// Lifetime is how long a token is valid. The zero Lifetime is the profile's default.
type Lifetime struct {
	never bool
	span  time.Duration
}

// Never returns the lifetime of a token that does not expire.
func Never() Lifetime { return Lifetime{never: true} }

// For returns a lifetime of d. If d is not positive it is the default.
func For(d time.Duration) Lifetime { return Lifetime{span: max(d, 0)} }

const day = 24 * time.Hour

// lifetimeUnits are the letters behind a number. A month has no letter: m is a
// minute, as everywhere else.
var lifetimeUnits = map[byte]time.Duration{
	's': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': day, 'w': 7 * day, 'y': 365 * day,
}

// longest is the longest lifetime with an end. Longer ones are taken for mistakes.
const longest = 100 * 365 * day

// ParseLifetime parses "never", or a whole number and one of s, m, h, d, w and y,
// such as "180d". Empty text is the default.
func ParseLifetime(s string) (Lifetime, error) {
	switch s {
	case "":
		return Lifetime{}, nil
	case "never":
		return Never(), nil
	}
	unit := lifetimeUnits[s[len(s)-1]]
	n, err := strconv.ParseInt(s[:len(s)-1], 10, 64)
	if err != nil || unit == 0 || n <= 0 || s[0] == '+' {
		return Lifetime{}, invalid(`a lifetime is "never", or a number with s, m, h, d, w or y, such as "180d"`)
	}
	if n > int64(longest/unit) {
		return Lifetime{}, invalid(`a lifetime is 100y at the most, or "never"`)
	}
	return For(time.Duration(n) * unit), nil
}

// String returns the lifetime in the form of [ParseLifetime].
func (l Lifetime) String() string {
	switch {
	case l.never:
		return "never"
	case l.span == 0:
		return ""
	case l.span%day == 0:
		return fmt.Sprintf("%dd", l.span/day)
	default:
		return fmt.Sprintf("%ds", l.span/time.Second)
	}
}

// expires returns the expiry of a new token; zero is never.
func (s *Service) expires(profile apitoken.Profile, now time.Time, requested Lifetime) (time.Time, error) {
	switch profile {
	case apitoken.ProfileNative, apitoken.ProfileCSP, apitoken.ProfileVCD:
	default:
		return time.Time{}, invalid("profile")
	}
	if requested == (Lifetime{}) {
		return s.cut(now, s.defaultEnd(profile, now)), nil
	}
	end := requested.end(now)
	if s.cut(now, end) != end {
		return time.Time{}, invalid("ttl: the most is %s", For(s.opts.MaxLifetime))
	}
	return end, nil
}

func (s *Service) defaultEnd(profile apitoken.Profile, now time.Time) time.Time {
	if life := s.opts.TokenLifetimes[profile]; life != (Lifetime{}) {
		return life.end(now)
	}
	if profile == apitoken.ProfileVCD {
		return time.Time{}
	}
	return now.AddDate(0, 6, 0)
}

func (l Lifetime) end(now time.Time) time.Time {
	if l.never {
		return time.Time{}
	}
	return now.Add(l.span)
}

// cut returns an expiry bounded by the operator's maximum.
func (s *Service) cut(now, end time.Time) time.Time {
	if s.opts.MaxLifetime <= 0 {
		return end
	}
	if most := now.Add(s.opts.MaxLifetime); end.IsZero() || end.After(most) {
		return most
	}
	return end
}
