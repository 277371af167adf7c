package apitoken

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// Record is a token without its secret. Its times are precise to a microsecond.
type Record struct {
	ID      string  `json:"id"` // see [NewID]; the client_id of OAuth too
	Kind    Kind    `json:"kind"`
	Name    string  `json:"name,omitempty"`
	Owner   Owner   `json:"owner"`
	Profile Profile `json:"profile"`

	// Origin is the profile that the API token was made at which an access token was
	// exchanged for. Those of former releases have none.
	Origin Profile `json:"origin,omitempty"`

	// Scopes are the names of the service roles that restrict the token.
	Scopes []string `json:"scopes,omitempty"`

	Created time.Time `json:"created"`
	Expires time.Time `json:"expires,omitzero"` // zero: never

	// Issued is when the current secret was made. It is zero for a token that
	// was registered and has no secret yet.
	Issued time.Time `json:"issued,omitzero"`

	LastUsed Use `json:"last_used,omitzero"`

	// OneTime marks a token that ends with its use by [Tokens.Consume], at
	// Used.
	OneTime bool      `json:"one_time,omitempty"`
	Used    time.Time `json:"used,omitzero"`

	Revoked    time.Time `json:"revoked,omitzero"`
	RevokedWhy string    `json:"revoked_why,omitempty"` // one word for logs

	// Parent is the id of the token that an access token was exchanged for. A
	// parent has no more than [MaxChildren] children.
	Parent string `json:"parent,omitempty"`

	// Family is common to the refresh tokens that follow one another.
	Family string `json:"family,omitempty"`

	ClientID   string `json:"client_id,omitempty"`   // that the device code was requested with
	SoftwareID string `json:"software_id,omitempty"` // RFC 7591, section 2
	Org        string `json:"org,omitempty"`         // the organization of Cloud Director

	// Remind is the mail address for reminders of the token's end.
	Remind string `json:"remind,omitempty"`
}

// UnmarshalJSON reads a record. Stores that are older than the name "profile"
// contain "door" instead.
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

// Owner is the owner of a token: a user, or a service account by its id.
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

// Issue is a token to be stored: its record and the hash of its secret.
type Issue struct {
	Hash   Hash
	Record Record
}

// State is the state of a token at some moment.
type State string

// The states. Only a Live token is accepted.
const (
	Live     State = "live"
	Expired  State = "expired"
	Revoked  State = "revoked"
	UsedUp   State = "used"
	NoSecret State = "pending" // registered, see [Record.Issued]
)

// State returns the state of the token at now.
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

// End returns when the token ended or will end, zero for never.
func (r Record) End() time.Time {
	var end time.Time
	for _, t := range []time.Time{r.Revoked, r.Used, r.Expires} {
		if !t.IsZero() && (end.IsZero() || t.Before(end)) {
			end = t
		}
	}
	return end
}

// LastActivity is the last time when the token was created, issued or used.
func (r Record) LastActivity() time.Time {
	last := r.Created
	for _, t := range []time.Time{r.Issued, r.LastUsed.At} {
		if t.After(last) {
			last = t
		}
	}
	return last
}

// TouchDue reports whether a use at that time is to be recorded, which is so
// once in [TouchEvery].
func (r Record) TouchDue(at time.Time) bool { return at.Sub(r.LastUsed.At) >= TouchEvery }

// TouchEvery is the minimum time between two records of a token's use.
const TouchEvery = time.Minute

// clean returns the record as every store returns it: no store is more precise
// than another, and none shares memory with the caller.
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

// Micro truncates a time to the microsecond and converts it to UTC. The zero
// time stays.
func Micro(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMicro(t.UnixMicro()).UTC()
}

// Clone returns a copy that shares no memory with r.
func (r Record) Clone() Record {
	r.Scopes = slices.Clone(r.Scopes)
	return r
}
