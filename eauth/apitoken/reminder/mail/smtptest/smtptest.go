package smtptest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken/reminder/remindertest"
	"github.com/saltern-api/saltern/internal/certtest"
)

// Options are the features of the server.
type Options struct {
	STARTTLS bool
	Implicit bool // TLS from the first byte on

	User, Password string // the only permitted sender; empty permits everybody
	Login          bool   // the mechanism LOGIN in place of PLAIN
	InClear        bool   // AUTH without TLS too
}

// Server is a running server.
type Server struct {
	Address string
	CA      []byte // PEM
	Roots   *x509.CertPool
	Mails   chan Mail // buffered for many

	// Tell, set before the first message, receives the messages in place of Mails.
	Tell func(Mail)

	opts   Options
	ending chan struct{}

	mu      sync.Mutex
	manner  remindertest.Manner
	refuses map[string]*smtp.SMTPError
	logins  int
}

// Mail is a message that arrived.
type Mail struct {
	From string // of the envelope, as is To
	To   []string

	Header mail.Header
	Body   string // decoded
	Raw    string

	TLS  bool
	User string // the authenticated user
}

// Word returns a header, decoded.
func (m Mail) Word(name string) string {
	text, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get(name))
	if err != nil {
		return err.Error()
	}
	return text
}

// Start starts a server that ends with the test.
func Start(t *testing.T, o Options) *Server {
	t.Helper()
	s := &Server{opts: o, Mails: make(chan Mail, 100), ending: make(chan struct{})}
	pair := certtest.New(t, nil)
	s.CA, s.Roots = pair.CertPEM(), pair.Pool()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.Address = l.Addr().String()
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		one := &session{server: s, conn: c}
		if o.User != "" {
			return &loginSession{one}, nil
		}
		return one, nil
	}))
	server.Domain, server.AllowInsecureAuth = "mail.example.com", o.InClear
	server.ErrorLog = log.New(io.Discard, "", 0)
	config := &tls.Config{Certificates: []tls.Certificate{pair.TLS()}, MinVersion: tls.VersionTLS12}
	switch {
	case o.STARTTLS:
		server.TLSConfig = config
	case o.Implicit:
		l = tls.NewListener(l, config)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l)
	}()
	t.Cleanup(func() {
		close(s.ending)
		require.NoError(t, server.Close())
		_ = l.Close() // it may not have begun yet
		<-done
	})
	return s
}

// Set changes how the server treats messages.
func (s *Server) Set(m remindertest.Manner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.manner = m
}

// Refuse makes the server refuse a command with a code from now on: AUTH, MAIL, RCPT or DATA.
func (s *Server) Refuse(command string, code int, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuses = map[string]*smtp.SMTPError{command: {Code: code, Message: text}}
}

// Logins returns how many authentications were begun.
func (s *Server) Logins() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logins
}

func (s *Server) refusal(command string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.refuses[command]; e != nil {
		return e
	}
	return nil
}

// session is one connection.
type session struct {
	server *Server
	conn   *smtp.Conn
	mail   Mail
}

// Reset begins another message.
func (s *session) Reset() { s.mail = Mail{User: s.mail.User} }

// Logout ends the session.
func (s *session) Logout() error { return nil }

// Mail sets the sender.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.server.opts.User != "" && s.mail.User == "" {
		return smtp.ErrAuthRequired
	}
	s.mail.From = from
	return s.server.refusal("MAIL")
}

// Rcpt adds a recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mail.To = append(s.mail.To, to)
	return s.server.refusal("RCPT")
}

// Data reads the message.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.server.refusal("DATA"); err != nil {
		return err
	}
	s.server.mu.Lock()
	manner := s.server.manner
	s.server.mu.Unlock()
	if manner == remindertest.Refuses {
		return &smtp.SMTPError{Code: 452, Message: "the disk is full"}
	}
	m := s.mail
	_, m.TLS = s.conn.TLSConnectionState()
	if err := m.read(string(raw)); err != nil {
		return &smtp.SMTPError{Code: 554, Message: err.Error()}
	}
	if s.server.Tell != nil {
		s.server.Tell(m)
	} else {
		s.server.Mails <- m
	}
	switch manner {
	case remindertest.Silent:
		<-s.server.ending
	case remindertest.Breaks:
		return s.conn.Conn().Close()
	}
	return nil
}

func (m *Mail) read(raw string) error {
	msg, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		return err
	}
	body := msg.Body
	if msg.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	m.Raw, m.Header, m.Body = raw, msg.Header, strings.ReplaceAll(string(text), "\r\n", "\n")
	return err
}

// loginSession is a session that must authenticate.
type loginSession struct{ *session }

var _ smtp.AuthSession = (*loginSession)(nil)

// AuthMechanisms returns the offered mechanisms.
func (s *loginSession) AuthMechanisms() []string {
	if s.server.opts.Login {
		return []string{sasl.Login}
	}
	return []string{sasl.Plain}
}

// Auth begins an authentication.
func (s *loginSession) Auth(string) (sasl.Server, error) {
	s.server.mu.Lock()
	s.server.logins++
	s.server.mu.Unlock()
	check := func(user, password string) error {
		if err := s.server.refusal("AUTH"); err != nil {
			return err
		}
		if user != s.server.opts.User || password != s.server.opts.Password {
			return errors.New("wrong password " + password) // a real server should not do this
		}
		s.mail.User = user
		return nil
	}
	if s.server.opts.Login {
		return &login{check: check}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
}

// login is the mechanism LOGIN.
type login struct {
	check func(user, password string) error
	user  *string
}

// Next implements [sasl.Server].
func (l *login) Next(response []byte) (challenge []byte, done bool, err error) {
	switch {
	case response == nil:
		return []byte("Username:"), false, nil
	case l.user == nil:
		user := string(response)
		l.user = &user
		return []byte("Password:"), false, nil
	default:
		return nil, true, l.check(*l.user, string(response))
	}
}
