package settings

import (
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Reminders is about reminding people of the end of their tokens. Without a
// mail server and a webhook there are none.
type Reminders struct {
	Days    []int // days before the end; 0 is the last 24 hours
	Mail    Mail
	Webhook Webhook
}

// MailTLS says how to encrypt towards a mail server.
type MailTLS string

// The ways to encrypt mail.
const (
	MailSTARTTLS MailTLS = "starttls" // demanded, not merely tried
	MailOverTLS  MailTLS = "tls"
	MailPlain    MailTLS = "off"
)

// Mail sends reminders over SMTP.
type Mail struct {
	Server       string // host:port, or "" for no mail
	From         string
	To           string // who hears of all tokens, or "" for nobody
	Username     string
	PasswordFile string
	TLS          MailTLS
	CA           string // PEM file of who signed the server's certificate, or "" for the system's
}

// Webhook posts reminders to a URL.
type Webhook struct {
	URL        string // "" for none
	SecretFile string // the key that its requests are signed with
	CA         string // as Mail's
}

// mostDays is more than any token is reminded of beforehand.
const mostDays = 3650

func (d *decoder) reminders(n *yaml.Node, key string, r *Reminders) {
	d.mapping(n, key, fields{
		"days":    func(n *yaml.Node, key string) { d.days(n, key, r) },
		"mail":    func(n *yaml.Node, key string) { d.mail(n, key, &r.Mail) },
		"webhook": func(n *yaml.Node, key string) { d.webhook(n, key, &r.Webhook) },
	})
}

func (d *decoder) days(n *yaml.Node, key string, r *Reminders) {
	r.Days = []int{}
	d.list(func(n *yaml.Node, key string) {
		v := -1
		d.number(&v, 0, mostDays)(n, key)
		switch {
		case v < 0:
		case slices.Contains(r.Days, v):
			d.problem(n.Line, key, "is named twice")
		default:
			r.Days = append(r.Days, v)
		}
	})(n, key)
}

func (d *decoder) mail(n *yaml.Node, key string, m *Mail) {
	d.mapping(n, key, fields{
		"server":        d.address(&m.Server),
		"from":          d.mailAddress(&m.From),
		"to":            d.mailAddress(&m.To),
		"username":      d.optional(&m.Username),
		"password_file": d.optional(&m.PasswordFile),
		"tls":           oneOf(d, map[string]MailTLS{"starttls": MailSTARTTLS, "tls": MailOverTLS, "off": MailPlain}, "starttls, tls or off", &m.TLS),
		"ca":            d.optional(&m.CA),
	})
	if n.Kind != yaml.MappingNode {
		return
	}
	switch {
	case !hasKey(n, "server") || !hasKey(n, "from"):
		d.problem(n.Line, key, "needs a server and from")
	case (m.Username == "") != (m.PasswordFile == ""):
		d.problem(n.Line, key, "username and password_file belong together")
	case m.TLS == MailPlain && !isLoopback(m.Server):
		d.problem(n.Line, key, "would travel in clear text: tls may be off only for a loopback server")
	}
}

func (d *decoder) mailAddress(to *string) reader {
	return func(n *yaml.Node, key string) {
		_, err := mail.ParseAddress(n.Value)
		if !isA(n, "!!str") || err != nil || strings.ContainsAny(n.Value, "\r\n") {
			d.problem(n.Line, key, "must be a mail address")
			return
		}
		*to = n.Value
	}
}

func (d *decoder) webhook(n *yaml.Node, key string, w *Webhook) {
	d.mapping(n, key, fields{
		"url":         d.webhookURL(&w.URL),
		"secret_file": d.optional(&w.SecretFile),
		"ca":          d.optional(&w.CA),
	})
	if n.Kind == yaml.MappingNode && !hasKey(n, "url") {
		d.problem(n.Line, key, "needs a url")
	}
}

// webhookURL reads a URL without a secret where it would show: in front of the
// host.
func (d *decoder) webhookURL(to *string) reader {
	return func(n *yaml.Node, key string) {
		u, err := url.Parse(n.Value)
		switch {
		case !isA(n, "!!str") || err != nil || u.Hostname() == "" || u.Fragment != "" ||
			u.Scheme != "https" && u.Scheme != "http":
			d.problem(n.Line, key, "must be a URL such as https://alerts.example.com/saltern")
		case u.User != nil:
			d.problem(n.Line, key, "may have no user name or password in it")
		case u.Scheme == "http" && !isLoopback(u.Host):
			d.problem(n.Line, key, "must be https, except to a loopback address")
		default:
			*to = n.Value
		}
	}
}

// isLoopback tells whether a host, with a port or not, is this machine.
func isLoopback(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}
