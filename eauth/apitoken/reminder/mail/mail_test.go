package mail_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/reminder"
	"github.com/saltern-api/saltern/eauth/apitoken/reminder/mail"
	"github.com/saltern-api/saltern/eauth/apitoken/reminder/mail/smtptest"
	"github.com/saltern-api/saltern/eauth/apitoken/reminder/remindertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const from = "Saltern <saltern@example.com>"

// newSender returns a sender that trusts a server.
func newSender(t *testing.T, server *smtptest.Server, change func(*mail.Options)) *mail.Sender {
	t.Helper()
	o := mail.Options{Server: server.Address, Roots: server.Roots, From: from}
	if change != nil {
		change(&o)
	}
	s, err := mail.New(o)
	require.NoError(t, err)
	return s
}

// far is a mail server for the suite.
type far struct {
	*smtptest.Server
	t       *testing.T
	tls     mail.TLS
	arrived chan string
}

func (f *far) Sender(address string) reminder.Sender {
	return newSender(f.t, f.Server, func(o *mail.Options) {
		o.TLS = f.tls
		if address != "" {
			o.Server = address
		}
	})
}

func (f *far) Arrived() <-chan string { return f.arrived }

func TestConformance(t *testing.T) {
	t.Parallel()
	for how, o := range map[mail.TLS]smtptest.Options{
		mail.STARTTLS: {STARTTLS: true}, mail.Implicit: {Implicit: true}, mail.Off: {},
	} {
		t.Run(string(how), func(t *testing.T) {
			t.Parallel()
			remindertest.Run(t, func(t *testing.T) remindertest.Far {
				f := &far{Server: smtptest.Start(t, o), t: t, tls: how, arrived: make(chan string, 100)}
				f.Tell = func(m smtptest.Mail) { f.arrived <- m.Word("Subject") + "\n" + m.Body }
				return f
			})
		})
	}
}

func TestMessage(t *testing.T) {
	t.Parallel()
	server := smtptest.Start(t, smtptest.Options{STARTTLS: true})
	s := newSender(t, server, nil)
	r := remindertest.Reminder()
	require.NoError(t, s.Send(t.Context(), r))
	got := <-server.Mails
	require.True(t, got.TLS)
	require.Equal(t, "saltern@example.com", got.From)
	require.Equal(t, []string{"alice@example.com"}, got.To)
	require.Equal(t, `"Saltern" <saltern@example.com>`, got.Word("From"))
	require.Equal(t, `<alice@example.com>`, got.Word("To"))
	require.Equal(t, `The API token "ci" ends in 7 days`, got.Word("Subject"))
	require.Equal(t, "auto-generated", got.Header.Get("Auto-Submitted"))
	require.Equal(t, "<"+r.ID()+"@example.com>", got.Header.Get("Message-Id"))
	require.Equal(t, "text/plain; charset=UTF-8", got.Header.Get("Content-Type"))
	when, err := got.Header.Date()
	require.NoError(t, err)
	require.Equal(t, r.At.Unix(), when.Unix())
	const layout = "Monday, 2 January 2006, 15:04 UTC"
	require.Equal(t, fmt.Sprintf(`The API token "ci" ends in 7 days. Programs that use it are refused from then on.

Name:      ci
Id:        %[1]s
Owner:     alice (pam)
Scopes:    deploy-web, Read-only
Created:   %[2]s
Last used: %[3]s, from 192.0.2.7
Ends:      %[4]s

To go on using it, give it another secret, which begins its time again: log in and send

    POST /v1/tokens/%[1]s/regenerate

or have the operator run this on the gateway's host:

    saltern token regenerate %[1]s

The former secret ends at that moment. A token that nobody needs is best revoked at once:
DELETE /v1/tokens/%[1]s, or saltern token revoke.
`, r.Token.ID, r.Token.Created.UTC().Format(layout), r.Token.LastUsed.At.UTC().Format(layout), r.Token.Expires.UTC().Format(layout)),
		got.Body)
}

// Texts that users chose cannot change the structure of the mail.
func TestForeignText(t *testing.T) {
	t.Parallel()
	server := smtptest.Start(t, smtptest.Options{STARTTLS: true})
	s := newSender(t, server, nil)
	for _, name := range []string{
		"ключ для развёртывания", strings.Repeat("ö", 64), "a\r\nBcc: mallory@example.com", "\"; =?utf-8?q?x?=", ".", "\n.\r\n", "\x00\u202e",
	} {
		r := remindertest.Reminder()
		r.Token.Name = name
		r.Token.Owner.User = "alice\nScopes: all\n.\nMAIL FROM:<x>"
		require.NoError(t, s.Send(t.Context(), r))
		got := <-server.Mails
		require.Equal(t, []string{"alice@example.com"}, got.To)
		require.Empty(t, got.Header.Get("Bcc"))
		require.Len(t, got.Header, 9, got.Raw)
		shown := strings.NewReplacer("\r", "\uFFFD", "\n", "\uFFFD", "\x00", "\uFFFD", "\u202e", "\uFFFD").Replace(name)
		require.Equal(t, `The API token "`+strings.ReplaceAll(shown, "=?", "= ?")+`" ends in 7 days`, got.Word("Subject"))
		require.Contains(t, got.Body, "\nName:      "+shown+"\n")
		require.Contains(t, got.Body, "\nOwner:     alice\uFFFDScopes: all\uFFFD.\uFFFDMAIL FROM:<x> (pam)\n")
		for line := range strings.SplitSeq(got.Raw, "\n") {
			require.LessOrEqual(t, len(line), 998)
		}
	}
}

func TestOtherTokens(t *testing.T) {
	t.Parallel()
	server := smtptest.Start(t, smtptest.Options{STARTTLS: true})
	owners := newSender(t, server, nil)
	operator := newSender(t, server, func(o *mail.Options) { o.To = "Ops <ops@example.com>" })
	require.NotEqual(t, owners.Name(), operator.Name())
	r := remindertest.Reminder()
	r.Token.Kind, r.Token.Remind, r.Token.LastUsed = apitoken.KindRefresh, "", apitoken.Use{}
	r.Token.Name, r.Token.Owner = "", apitoken.Owner{ServiceAccount: "sa-1"}
	require.False(t, owners.Wants(r.Token))
	require.True(t, operator.Wants(r.Token))
	require.NoError(t, operator.Send(t.Context(), r))
	got := <-server.Mails
	require.Equal(t, []string{"ops@example.com"}, got.To)
	require.Equal(t, "The refresh token of the service account sa-1 ends in 7 days", got.Word("Subject"))
	require.Contains(t, got.Body, "Owner:     service account sa-1\n")
	require.Contains(t, got.Body, "Last used: never\n")
	require.Contains(t, got.Body, "It is the refresh token of a service account.")
	require.NotContains(t, got.Body, "regenerate")
	require.ErrorIs(t, owners.Send(t.Context(), r), reminder.ErrNotSent)
}

func TestLogin(t *testing.T) {
	t.Parallel()
	const user, password = "saltern", "s3cret-of-mail"
	with := func(password string) func(*mail.Options) {
		return func(o *mail.Options) { o.Username, o.Password = user, password }
	}
	for name, o := range map[string]smtptest.Options{
		"plain": {STARTTLS: true}, "login": {STARTTLS: true, Login: true}, "implicit": {Implicit: true},
	} {
		o.User, o.Password = user, password
		server := smtptest.Start(t, o)
		how := mail.STARTTLS
		if o.Implicit {
			how = mail.Implicit
		}
		s := newSender(t, server, func(m *mail.Options) { with(password)(m); m.TLS = how })
		require.NoError(t, s.Send(t.Context(), remindertest.Reminder()), name)
		require.Equal(t, user, (<-server.Mails).User, name)

		wrong := newSender(t, server, func(m *mail.Options) { with("wr0ng-of-mail")(m); m.TLS = how })
		err := wrong.Send(t.Context(), remindertest.Reminder())
		require.ErrorIs(t, err, reminder.ErrNotSent, name)
		require.NotContains(t, err.Error(), "wr0ng", name)

		nobody := newSender(t, server, func(m *mail.Options) { m.TLS = how })
		require.ErrorIs(t, nobody.Send(t.Context(), remindertest.Reminder()), reminder.ErrNotSent, name)
	}
	// On this machine, in clear.
	server := smtptest.Start(t, smtptest.Options{User: user, Password: password, InClear: true})
	s := newSender(t, server, func(m *mail.Options) { with(password)(m); m.TLS = mail.Off })
	require.NoError(t, s.Send(t.Context(), remindertest.Reminder()))
	require.Equal(t, user, (<-server.Mails).User)

	// Without a login, nothing is sent to a server that offers none.
	open := smtptest.Start(t, smtptest.Options{STARTTLS: true})
	err := newSender(t, open, with(password)).Send(t.Context(), remindertest.Reminder())
	require.ErrorIs(t, err, reminder.ErrNotSent)
	require.Empty(t, open.Mails)
}

// A server without encryption, or with another certificate, gets no message and
// no password.
func TestNotEncrypted(t *testing.T) {
	t.Parallel()
	const user, password = "saltern", "s3cret-of-mail"
	clear := smtptest.Start(t, smtptest.Options{User: user, Password: password, InClear: true})
	starttls := smtptest.Start(t, smtptest.Options{STARTTLS: true, User: user, Password: password})
	other := smtptest.Start(t, smtptest.Options{})
	for name, c := range map[string]struct {
		server *smtptest.Server
		change func(*mail.Options)
	}{
		"no starttls":              {clear, func(*mail.Options) {}},
		"no tls":                   {clear, func(o *mail.Options) { o.TLS = mail.Implicit }},
		"not so early":             {starttls, func(o *mail.Options) { o.TLS = mail.Implicit }},
		"unknown authority":        {starttls, func(o *mail.Options) { o.Roots = nil }},
		"another authority":        {starttls, func(o *mail.Options) { o.Roots = other.Roots }},
		"another name":             {starttls, func(o *mail.Options) { o.Server = strings.Replace(o.Server, "127.0.0.1", "127.0.0.2", 1) }},
		"no password in the clear": {starttls, func(o *mail.Options) { o.TLS = mail.Off }},
	} {
		s := newSender(t, c.server, func(o *mail.Options) {
			o.Username, o.Password = user, password
			c.change(o)
		})
		require.ErrorIs(t, s.Send(t.Context(), remindertest.Reminder()), reminder.ErrNotSent, name)
		require.Empty(t, c.server.Mails, name)
		require.Zero(t, c.server.Logins(), name)
	}
}

// A refused message has not been sent, whatever the stage of the refusal.
func TestRefused(t *testing.T) {
	t.Parallel()
	server := smtptest.Start(t, smtptest.Options{STARTTLS: true, User: "u", Password: "p"})
	s := newSender(t, server, func(o *mail.Options) { o.Username, o.Password = "u", "p" })
	for _, command := range []string{"AUTH", "MAIL", "RCPT", "DATA"} {
		for _, code := range []int{421, 451, 550, 554} {
			server.Refuse(command, code, "not today\x1b[2J "+strings.Repeat("x", 1000))
			err := s.Send(t.Context(), remindertest.Reminder())
			require.ErrorIs(t, err, reminder.ErrNotSent, "%s %d", command, code)
			require.Contains(t, err.Error(), fmt.Sprint(code))
			require.Less(t, len(err.Error()), 500)
			require.NotContains(t, err.Error(), "\x1b")
			require.Empty(t, server.Mails)
		}
	}
	server.Refuse("", 0, "")
	require.NoError(t, s.Send(t.Context(), remindertest.Reminder()))
}

// A server that hangs is abandoned after the timeout, also in the middle of a
// response; one that never stops sending is abandoned too.
func TestBadServers(t *testing.T) {
	t.Parallel()
	for name, say := range map[string]func(net.Conn){
		"half a line":      func(c net.Conn) { _, _ = c.Write([]byte("220 mail.exam")) },
		"another protocol": func(c net.Conn) { _, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) },
		"never stops": func(c net.Conn) {
			for line := []byte("220-" + strings.Repeat("x", 1000) + "\r\n"); ; {
				if _, err := c.Write(line); err != nil {
					return
				}
			}
		},
		"one endless line": func(c net.Conn) {
			for {
				if _, err := c.Write([]byte(strings.Repeat("2", 4096))); err != nil {
					return
				}
			}
		},
		"closes": func(c net.Conn) { _ = c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			done := make(chan struct{})
			go func() {
				defer close(done)
				c, err := l.Accept()
				if err != nil {
					return
				}
				say(c)
				_, _ = c.Read(make([]byte, 1)) // until the client closes
				_ = c.Close()
			}()
			s, err := mail.New(mail.Options{Server: l.Addr().String(), From: from, TLS: mail.Off, Timeout: 200 * time.Millisecond})
			require.NoError(t, err)
			require.ErrorIs(t, s.Send(context.Background(), remindertest.Reminder()), reminder.ErrNotSent)
			<-done
			require.NoError(t, l.Close())
		})
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	good := mail.Options{Server: "mail.example.com:587", From: from}
	_, err := mail.New(good)
	require.NoError(t, err)
	for name, change := range map[string]func(*mail.Options){
		"no server":       func(o *mail.Options) { o.Server = "" },
		"no port":         func(o *mail.Options) { o.Server = "mail.example.com" },
		"no host":         func(o *mail.Options) { o.Server = ":25" },
		"a wrong port":    func(o *mail.Options) { o.Server = "mail.example.com:smtp" },
		"no from":         func(o *mail.Options) { o.From = "" },
		"from of two":     func(o *mail.Options) { o.From = "a@example.com, b@example.com" },
		"to of two":       func(o *mail.Options) { o.To = "a@example.com, b@example.com" },
		"headers in from": func(o *mail.Options) { o.From = "a@example.com\r\nBcc: b@example.com" },
		"a user only":     func(o *mail.Options) { o.Username = "u" },
		"a password only": func(o *mail.Options) { o.Password = "p" },
		"no such tls":     func(o *mail.Options) { o.TLS = "ssl" },
		"in clear":        func(o *mail.Options) { o.TLS = mail.Off },
	} {
		o := good
		change(&o)
		_, err := mail.New(o)
		require.Error(t, err, name)
	}
	for _, host := range []string{"localhost", "127.0.0.1", "127.1.2.3", "[::1]"} {
		_, err := mail.New(mail.Options{Server: host + ":25", From: from, TLS: mail.Off})
		require.NoError(t, err, host)
	}
}
