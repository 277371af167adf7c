package webhook

import (
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/reminder"
)

// Payload is the posted document. Fields may be added to it. Times are in RFC
// 3339.
type Payload struct {
	// Event is "token.expiring".
	Event string `json:"event"`

	// ID identifies the reminder, and is the same in each attempt.
	ID string `json:"id"`

	// Days is the stage, such as 7. Text states the time that is left now.
	Days int    `json:"days"`
	Text string `json:"text"`

	Time  time.Time `json:"time"`
	Token Token     `json:"token"`
}

// Token is the token that ends. It has no secret, which the gateway does not
// store.
type Token struct {
	ID      string           `json:"id"`
	Kind    apitoken.Kind    `json:"kind"` // api, or refresh for a service account's
	Name    string           `json:"name"`
	Owner   apitoken.Owner   `json:"owner"`
	Profile apitoken.Profile `json:"profile"`
	Scopes  []string         `json:"scopes"`
	Remind  string           `json:"remind,omitempty"` // the owner's mail address
	Created time.Time        `json:"created"`
	Issued  time.Time        `json:"issued"` // when it was created or regenerated
	Expires time.Time        `json:"expires"`

	LastUsed *Use `json:"last_used"` // null means never
}

// Use is the last use of a token.
type Use struct {
	At      time.Time `json:"at"`
	Address string    `json:"address"`
	Agent   string    `json:"agent"`
}

func payload(r reminder.Reminder) Payload {
	t := r.Token
	p := Payload{
		Event: "token.expiring", ID: r.ID(), Days: r.Days, Time: seconds(r.At),
		Text: "The " + r.What() + " ends " + r.Left(),
		Token: Token{
			ID: t.ID, Kind: t.Kind, Name: t.Name, Owner: t.Owner, Profile: t.Profile, Remind: t.Remind,
			Scopes:  append([]string{}, t.Scopes...),
			Created: seconds(t.Created), Issued: seconds(t.Issued), Expires: seconds(t.Expires),
		},
	}
	if u := t.LastUsed; !u.IsZero() {
		p.Token.LastUsed = &Use{At: seconds(u.At), Agent: u.Agent}
		if u.Addr.IsValid() {
			p.Token.LastUsed.Address = u.Addr.String()
		}
	}
	return p
}

func seconds(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
