package apitoken

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// Record is what is known of a token. Its times are good to a microsecond.
type Record struct {
	ID      string  `json:"id"` // see [NewID]; the client_id of OAuth too
	Kind    Kind    `json:"kind"`
	Name    string  `json:"name,omitempty"`
	Owner   Owner   `json:"owner"`
	Profile Profile `json:"profile"`

	// Scopes are the names of the service roles that narrow the token.
	Scopes []string `json:"scopes,omitempty"`

	Created time.Time `json:"created"`
	Expires time.Time `json:"expires,omitzero"` // zero: never

	// Issued is when the secret was made that counts now. It is zero for a
	// token that was registered and has no secret yet.
	Issued time.Time `json:"issued,omitzero"`

	LastUsed Use `json:"last_used,omitzero"`

	// OneTime marks a token that [Tokens.Consume] ends, at Used.
	OneTime bool      `json:"one_time,omitempty"`
	Used    time.Time `json:"used,omitzero"`

	Revoked    time.Time `json:"revoked,omitzero"`
	RevokedWhy string    `json:"revoked_why,omitempty"` // one word for logs

	// Parent is the id of the token that an access token was given for. That
	// has no more than [MaxChildren].
	Parent string `json:"parent,omitempty"`

	// Family is common to the refresh tokens that follow one another.
	Family string `json:"family,omitempty"`

	ClientID   string `json:"client_id,omitempty"`   // that a device code was asked with
	SoftwareID string `json:"software_id,omitempty"` // RFC 7591, section 2
	Org        string `json:"org,omitempty"`         // the organization of Cloud Director

	// Remind is the mail address for reminders of the token's end.
	Remind string `json:"remind,omitempty"`
}

// UnmarshalJSON reads a record. Stores that are older than the name "profile"
// have "door" in its place.
func (r *Record) UnmarshalJSON(text []byte) error {
	type record Record // without methods
	stored := struct {
		*record
		Former Profile `json:"door"`
	}{record: (*record)(r)}
	if err := json.Unmarshal(text, &stored); err != nil {
		return fmt.Errorf("read a record: %w", err)
	}
	if r.Profile == "" {
		r.Profile = stored.Former
	}
	return nil
}

// Owner is whose a token is: a user, or a service account by its id.
type Owner struct {
	Eauth          string `json:"eauth,omitempty"`
	User           string `json:"user,omitempty"`
	ServiceAccount string `json:"service_account,omitempty"`
}

// Profile is the API through which a token was issued.
type Profile string

// The profiles.
const (
	ProfileNative Profile = "native"
	ProfileCSP    Profile = "csp"
	ProfileVCD    Profile = "vcd"
)

// Use is one use of a token.
type Use struct {
	At    time.Time  `json:"at"`
	Addr  netip.Addr `json:"addr,omitzero"`
	Agent string     `json:"agent,omitempty"` // of the User-Agent header, cut to 200 bytes
}

// IsZero reports whether there was no use.
func (u Use) IsZero() bool { return u.At.IsZero() }

// Issue is a token to be kept: its record and the hash of its secret.
type Issue struct {
	Hash   Hash
	Record Record
}

// State is what a token is good for at some moment.
type State string

// The states. Only Live is a pass.
const (
	Live     State = "live"
	Expired  State = "expired"
	Revoked  State = "revoked"
	UsedUp   State = "used"
	NoSecret State = "pending" // registered, see [Record.Issued]
)

// State returns what the token is good for now.
func (r Record) State(now time.Time) State {
	switch {
	case !r.Revoked.IsZero():
		return Revoked
	case !r.Used.IsZero():
		return UsedUp
	case r.expired(now):
		return Expired
	case r.Issued.IsZero():
		return NoSecret
	}
	return Live
}

func (r Record) expired(now time.Time) bool { return !r.Expires.IsZero() && !now.Before(r.Expires) }

// End is when the token ended or will end, zero for never.
func (r Record) End() time.Time {
	var end time.Time
	for _, t := range []time.Time{r.Revoked, r.Used, r.Expires} {
		if !t.IsZero() && (end.IsZero() || t.Before(end)) {
			end = t
		}
	}
	return end
}

// LastActivity is the last time that the token showed that somebody wants it.
func (r Record) LastActivity() time.Time {
	last := r.Created
	for _, t := range []time.Time{r.Issued, r.LastUsed.At} {
		if t.After(last) {
			last = t
		}
	}
	return last
}

// TouchDue reports whether a use at that time is worth noting, which is so once
// in [TouchEvery].
func (r Record) TouchDue(at time.Time) bool { return at.Sub(r.LastUsed.At) >= TouchEvery }

// TouchEvery is how often at most the last use of a token is written down.
const TouchEvery = time.Minute

// clean returns the record as every store gives it back: no store is more
// precise than another, and none shares memory with the caller.
func (r Record) clean() Record {
	for _, t := range []*time.Time{&r.Created, &r.Expires, &r.Issued, &r.Used, &r.Revoked, &r.LastUsed.At} {
		*t = Micro(*t)
	}
	r.Scopes = slices.Clone(r.Scopes)
	if len(r.Scopes) == 0 {
		r.Scopes = nil
	}
	return r
}

// Micro cuts a time to the microsecond and to UTC. The zero time stays.
func Micro(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMicro(t.UnixMicro()).UTC()
}

// Clone returns a copy that shares nothing with r.
func (r Record) Clone() Record {
	r.Scopes = slices.Clone(r.Scopes)
	return r
}
