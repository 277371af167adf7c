package mail

import (
	"cmp"
	"fmt"
	"net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/reminder"
	"github.com/saltern-api/saltern/internal/reach"
)

// The limits of texts from others, in bytes.
const (
	maxWord  = 200
	maxWords = 2000
)

// message returns the mail for a reminder.
func (s *Sender) message(r reminder.Reminder) (*gomail.Msg, error) {
	to := s.to
	if to == nil {
		var err error
		if to, err = mail.ParseAddress(r.Token.Remind); err != nil {
			return nil, fmt.Errorf("the owner's address: %w", err)
		}
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.FromMailAddress(s.from)
	m.ToMailAddress(to)
	m.Subject(subject(r))
	m.SetDateWithValue(r.At)
	m.SetMessageIDWithValue(r.ID() + "@" + domain(s.from.Address))
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: prevents vacation replies
	m.SetBodyString(gomail.TypeTextPlain, text(r))
	return m, nil
}

// subject returns the header before it is encoded. The encoder leaves a name in
// pure ASCII as it is, so the name must not look like an encoded word (RFC
// 2047).
func subject(r reminder.Reminder) string {
	return strings.ReplaceAll("The "+r.What()+" ends "+r.Left(), "=?", "= ?")
}

func domain(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// text returns the body. It contains no secret, since the gateway stores none.
func text(r reminder.Reminder) string {
	t := r.Token
	var b strings.Builder
	fmt.Fprintf(&b, "The %s ends %s. Programs that use it are refused from then on.\n\n", r.What(), r.Left())
	for _, row := range [][2]string{
		{"Name", cmp.Or(reach.Line(t.Name, maxWord), "none")},
		{"Id", t.ID},
		{"Owner", owner(t.Owner)},
		{"Scopes", reach.Line(strings.Join(t.Scopes, ", "), maxWords)},
		{"Created", moment(t.Created)},
		{"Last used", lastUse(t.LastUsed)},
		{"Ends", moment(t.Expires)},
	} {
		fmt.Fprintf(&b, "%-11s%s\n", row[0]+":", row[1])
	}
	b.WriteString("\n" + advice(t))
	return b.String()
}

// advice returns the text about what the recipient can do.
func advice(t apitoken.Record) string {
	if t.Kind != apitoken.KindAPI {
		return "It is the refresh token of a service account. Whenever it is exchanged for an access token,\n" +
			"another one takes its place and its time begins again.\n"
	}
	return "To go on using it, give it another secret, which begins its time again: log in and send\n\n" +
		"    POST /v1/tokens/" + t.ID + "/regenerate\n\n" +
		"or have the operator run this on the gateway's host:\n\n" +
		"    saltern token regenerate " + t.ID + "\n\n" +
		"The former secret ends at that moment. A token that nobody needs is best revoked at once:\n" +
		"DELETE /v1/tokens/" + t.ID + ", or saltern token revoke.\n"
}

func owner(o apitoken.Owner) string {
	if o.ServiceAccount != "" {
		return reach.Line("service account "+o.ServiceAccount, maxWord)
	}
	return reach.Line(o.User+" ("+o.Eauth+")", maxWord)
}

func lastUse(u apitoken.Use) string {
	switch {
	case u.IsZero():
		return "never"
	case u.Addr.IsValid():
		return moment(u.At) + ", from " + u.Addr.String()
	default:
		return moment(u.At)
	}
}

func moment(t time.Time) string { return t.UTC().Format("Monday, 2 January 2006, 15:04 UTC") }
