package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"os"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/reminder"
	"github.com/saltern-api/saltern/internal/reach"
)

// TLS is how the connection is encrypted.
type TLS string

// The values of TLS.
const (
	STARTTLS TLS = "starttls" // after a few commands in clear; the default
	Implicit TLS = "tls"      // from the first byte on
	Off      TLS = "off"      // not at all; only for a server on this machine
)

// Options of a [Sender]. Server and From are required.
type Options struct {
	Server string // host:port
	From   string // an address, which may have a name: Saltern <saltern@example.com>

	// To receives the reminders of all tokens. If it is empty, they go to the
	// owners that registered an address.
	To string

	Username, Password string // both, or none

	TLS     TLS
	Roots   *x509.CertPool // the CAs of the server's certificate; nil means the system's
	Timeout time.Duration  // of the whole exchange; 30 s
}

const (
	defaultTimeout = 30 * time.Second

	// maxHeard bounds what is read from a server in one exchange, in bytes.
	maxHeard = 256 << 10

	// maxTold bounds how much of a server's text an error contains, in bytes.
	maxTold = 300
)

// Sender sends mail.
type Sender struct {
	opts     Options
	host     string
	port     int
	from, to *mail.Address
	tls      *tls.Config
	helo     string
}

var _ reminder.Sender = (*Sender)(nil)

// New returns a sender, without connecting to the server.
func New(o Options) (*Sender, error) {
	s := &Sender{opts: o}
	if s.opts.Timeout <= 0 {
		s.opts.Timeout = defaultTimeout
	}
	host, port, err := net.SplitHostPort(o.Server)
	s.host = host
	n, portErr := strconv.ParseUint(port, 10, 16)
	s.port = int(n)
	if err != nil || portErr != nil || host == "" || n == 0 {
		return nil, fmt.Errorf("server: %q is not host:port", o.Server)
	}
	if s.from, err = mail.ParseAddress(o.From); err != nil {
		return nil, errors.New("from: it is no mail address")
	}
	if o.To != "" {
		if s.to, err = mail.ParseAddress(o.To); err != nil {
			return nil, errors.New("to: it is no mail address")
		}
	}
	if (o.Username == "") != (o.Password == "") {
		return nil, errors.New("username and password: there is only one of them")
	}
	switch o.TLS {
	case "":
		s.opts.TLS = STARTTLS
	case STARTTLS, Implicit:
	case Off:
		if !reach.Loopback(host) {
			return nil, errors.New("tls: off is for a server on this machine")
		}
	default:
		return nil, errors.New("tls: starttls, tls or off")
	}
	s.tls = reach.TLS(host, o.Roots)
	if s.helo, err = os.Hostname(); err != nil || strings.ContainsAny(s.helo, " \r\n") {
		s.helo = "localhost"
	}
	return s, nil
}

// Name implements [reminder.Sender].
func (s *Sender) Name() string {
	if s.to != nil {
		return "mail_operator"
	}
	return "mail"
}

// Wants implements [reminder.Sender].
func (s *Sender) Wants(r apitoken.Record) bool { return s.to != nil || r.Remind != "" }

// Send implements [reminder.Sender].
func (s *Sender) Send(ctx context.Context, r reminder.Reminder) error {
	ctx, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	m, err := s.message(r)
	if err != nil {
		return s.notSent(err)
	}
	line := &line{opts: s.opts, tls: s.tls}
	defer line.close()
	defer context.AfterFunc(ctx, line.close)()
	c, err := gomail.NewClient(s.host, s.clientOptions(line)...)
	if err != nil {
		return s.notSent(err)
	}
	session, err := c.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return s.notSent(err)
	}
	err = c.SendWithSMTPClient(session, m)
	if m.IsDelivered() { // an error comes from a later step
		_ = c.CloseWithSMTPClient(session)
		return nil
	}
	if mayBeSent(err) {
		return fmt.Errorf("the server has not answered: %s", s.withoutPassword(err))
	}
	return s.notSent(err)
}

func (s *Sender) clientOptions(l *line) []gomail.Option {
	policy := gomail.NoTLS // the line encrypts in that case
	if s.opts.TLS == STARTTLS {
		policy = gomail.TLSMandatory
	}
	o := []gomail.Option{
		gomail.WithPort(s.port), gomail.WithTimeout(s.opts.Timeout), gomail.WithHELO(s.helo),
		gomail.WithTLSConfig(s.tls), gomail.WithTLSPolicy(policy), gomail.WithDialContextFunc(l.dial),
		gomail.WithoutNoop(), gomail.WithoutRset(), // there is only one message
	}
	if s.opts.Username == "" {
		return o
	}
	return append(o, gomail.WithUsername(s.opts.Username), gomail.WithPassword(s.opts.Password),
		gomail.WithOpportunisticSMTPAuth(
			gomail.SMTPAuthSCRAMSHA256PLUS, gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1PLUS,
			gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthCramMD5,
		))
}

// mayBeSent reports whether the message may have been sent despite a failure.
func mayBeSent(err error) bool {
	e, ok := errors.AsType[*gomail.SendError](err)
	if !ok {
		return true // not known to occur
	}
	switch e.Reason {
	case gomail.ErrSMTPDataClose, gomail.ErrWriteContent:
		return e.ErrorCode() < 400 // otherwise it was refused
	default:
		return false
	}
}

func (s *Sender) notSent(err error) error {
	return fmt.Errorf("%w: %s", reminder.ErrNotSent, s.withoutPassword(err))
}

// withoutPassword returns the text of an error without the password, which a server's
// texts may repeat.
func (s *Sender) withoutPassword(err error) string {
	text := err.Error()
	if p := s.opts.Password; p != "" {
		for _, secret := range []string{
			p, base64.StdEncoding.EncodeToString([]byte(p)),
			base64.StdEncoding.EncodeToString([]byte("\x00" + s.opts.Username + "\x00" + p)),
		} {
			text = strings.ReplaceAll(text, secret, "[password]")
		}
	}
	return reach.Line(text, maxTold)
}
