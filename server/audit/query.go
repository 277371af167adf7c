package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Query selects entries. Empty fields select all; fields other than times match
// by equality.
type Query struct {
	Since, Until time.Time // Until is exclusive

	User    string // the User, ClaimedUser or Owner
	Token   string // the id of the token, of the API token behind it, or of one that ended with it
	Event   string
	Outcome string
	Request string // the gateway's id of the request
	Client  string
	Fun     string // of a list, one function is enough

	// ClientRequest is the request's id as given by the client or a proxy.
	ClientRequest string

	// Oldest returns the oldest entry first, in place of the newest.
	Oldest bool

	// Limit is the maximum number of entries of a page: 100 when it is zero,
	// and never more than [MaxLimit].
	Limit int

	// After is the Next of the previous page.
	After string
}

// MaxLimit is the maximum number of entries of a page.
const MaxLimit = 1000

const defaultLimit = 100

// ErrInvalid is returned for an invalid query. Its text names the field.
var ErrInvalid = errors.New("the query cannot be used")

// seen is the part of an entry that a query reads.
type seen struct {
	Time        time.Time `json:"time"`
	Event       string    `json:"event"`
	Outcome     string    `json:"outcome"`
	User        string    `json:"user"`
	ClaimedUser string    `json:"claimed_user"`
	Owner       struct {
		User string `json:"user"`
	} `json:"owner"`
	TokenID   string            `json:"token_id"`
	Others    []string          `json:"others"`
	RequestID string            `json:"request_id"`
	ClientID  string            `json:"client_request_id"`
	Client    string            `json:"client"`
	Fun       string            `json:"fun"`
	Context   map[string]string `json:"additionalProperties"`
}

// matcher is a query prepared for matching many lines.
type matcher struct {
	Query
	since, until []byte   // in timeFormat
	parts        [][]byte // texts that every matching line contains
}

func newMatcher(q Query) *matcher {
	m := &matcher{Query: q}
	if !q.Since.IsZero() {
		m.since = q.Since.UTC().AppendFormat(nil, timeFormat)
	}
	if !q.Until.IsZero() {
		m.until = q.Until.UTC().AppendFormat(nil, timeFormat)
	}
	for _, text := range []string{q.User, q.Token, q.Event, q.Outcome, q.Request, q.ClientRequest, q.Client, q.Fun} {
		if text != "" {
			written := bytes.TrimSpace(escaped(encoded(text)))
			m.parts = append(m.parts, written[1:len(written)-1])
		}
	}
	return m
}

// mayMatch rejects most lines that do not match, without decoding them.
func (m *matcher) mayMatch(line []byte) bool {
	if at, ok := writtenTime(line); ok && !m.inTime(at) {
		return false
	}
	return !slices.ContainsFunc(m.parts, func(part []byte) bool { return !bytes.Contains(line, part) })
}

func (m *matcher) inTime(at []byte) bool {
	return bytes.Compare(at, m.since) >= 0 && (m.until == nil || bytes.Compare(at, m.until) < 0)
}

// writtenTime returns the time of a line that begins as ours do.
func writtenTime(line []byte) (at []byte, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte(`{"time":"`))
	n := len(timeFormat)
	return rest[:min(n, len(rest))], ok && len(rest) > n && rest[n] == '"' && rest[n-1] == 'Z'
}

// match reports whether a line matches the query; ok is false when it is no
// entry.
func (m *matcher) match(line []byte) (match, ok bool) {
	var e seen
	if json.Unmarshal(line, &e) != nil || e.Event == "" {
		return false, false
	}
	at := e.Time.UTC().AppendFormat(nil, timeFormat)
	return m.inTime(at) &&
		among(m.User, e.User, e.ClaimedUser, e.Owner.User) &&
		(among(m.Token, e.TokenID, e.Context["currentContext.refreshTokenId"]) || slices.Contains(e.Others, m.Token)) &&
		among(m.Event, e.Event) &&
		among(m.Outcome, e.Outcome) &&
		among(m.Request, e.RequestID) &&
		among(m.ClientRequest, e.ClientID) &&
		among(m.Client, e.Client) &&
		(among(m.Fun, e.Fun) || slices.Contains(strings.Split(e.Fun, ","), m.Fun)), true
}

func among(wanted string, values ...string) bool {
	return wanted == "" || slices.Contains(values, wanted)
}

// ParseTime reads a time as RFC 3339 has it, or as a whole number and one of s,
// m, h, d and w: so long before now. The error is an [ErrInvalid].
func ParseTime(text string, now time.Time) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	units := map[byte]time.Duration{
		's': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour,
	}
	if len(text) > 1 {
		unit, ok := units[text[len(text)-1]]
		n, err := strconv.ParseUint(text[:len(text)-1], 10, 31)
		if most := 100 * 365 * 24 * time.Hour; ok && err == nil && time.Duration(n) <= most/unit {
			return now.Add(-time.Duration(n) * unit), nil
		}
	}
	return time.Time{}, fmt.Errorf("%w: %.40q is neither a time such as 2026-11-22T12:00:00Z nor an age such as 24h", ErrInvalid, text)
}
