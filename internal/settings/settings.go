package settings

import (
	"cmp"
	"log/slog"
	"net/netip"
	"time"
)

// Settings is what saltern.yaml can say, with a default wherever it is silent.
type Settings struct {
	// Listen names listeners besides those of the master config's
	// rest_cherrypy and rest_wsgi sections.
	Listen []Listen

	// StateDir keeps what has to outlive a restart, such as the self-signed
	// certificate.
	StateDir string

	// MaxRequestBodySize is in bytes; 0 when the file does not say. See
	// [Settings.BodyLimit].
	MaxRequestBodySize int64

	// ShutdownTimeout is how long requests may go on after SIGTERM.
	ShutdownTimeout time.Duration

	// TrustedProxies are the peers whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix

	// PublicURL is what the gateway's URLs begin with in answers of OAuth and
	// Cloud Director, root_prefix included, such as https://salt.example.com:
	// without a slash at its end. When it is "", they begin with the host that
	// each request names.
	PublicURL string

	// CORSOrigin are the origins, such as https://ui.example.com, whose pages
	// may use the API from a browser; "*" is every page, without cookies.
	CORSOrigin []string

	// EventsACL limits who sees which events; without a rule, every caller
	// sees all, as in salt-api.
	EventsACL []EventsRule

	// Results says where the returns of minions are taken from.
	Results Results

	Admin  Admin
	Events Events
	SSH    SSH
	Limits Limits
	Master Master
	PAM    PAM
	Auth   Auth
	Tokens Tokens
	Audit  Audit
	Log    Log
}

// Listen is one more listener that speaks as rest_cherrypy does.
type Listen struct {
	Line    int    // where the file names it
	Address string // host:port
	TLS     TLS
}

// TLSMode says whether a listener encrypts.
type TLSMode int

// The modes of a listener.
const (
	TLSAuto TLSMode = iota // plain on loopback, TLS elsewhere
	TLSOff                 // `tls: false`
	TLSOn                  // `tls: true`, or a pair of files
)

// TLS is a listener's `tls` setting. With TLSOn and no files the certificate is
// a self-signed one.
type TLS struct {
	Mode  TLSMode
	Cert  string // PEM file
	Key   string // PEM file
	Chain string // PEM file of intermediate certificates, or ""
}

// EventsRule lets the callers that it names see the events whose tags match
// one of Tags. Users, Groups and Tags are shell globs; a rule that names
// neither users nor groups nor eauth modules is for every caller.
type EventsRule struct {
	Users  []string
	Groups []string
	Eauth  []string
	Tags   []string
}

// Results is where the returns of minions are taken from.
type Results int

// The sources of returns.
const (
	ResultsBus      Results = iota // the event bus, as salt-api does
	ResultsVerified                // the master's job cache, into which the master alone writes
)

// Events bounds the streams of events.
type Events struct {
	Buffer     int           // events that are kept for readers, and for those that come back
	BufferSize int64         // the same in bytes
	Linger     time.Duration // how long they are kept after the last reader has gone

	StreamsPerUser    int // open at once, of one user of one eauth
	StreamsPerSession int // of them, of one session or token
	ViewsPerUser      int // of them, that are formatted
}

// SSH is about the client ssh.
type SSH struct {
	Program   string // salt-ssh, by name or path
	Processes int    // how many of it run at once

	// Options are those that callers may choose whose rules do not let them run
	// anything: some of [SSHOptions].
	Options []string
}

// SSHOptions are the options of a call of salt-ssh that are for callers with
// unrestricted rights, unless the file lists them. off_roster is a target that
// is no host of the roster.
func SSHOptions() []string {
	return []string{
		"ignore_host_keys", "min_extra_mods", "no_host_keys", "off_roster", "roster", "roster_file", "ssh_options",
		"ssh_port", "ssh_priv", "ssh_remote_port_forwards", "ssh_scan_ports", "thin_extra_mods",
	}
}

// Admin is the listener for metrics and health.
type Admin struct {
	// Listen is host:port, or "" when the file says `off`.
	Listen string

	// AllowRemote lets Listen be another address than a loopback one. The
	// listener requires no password.
	AllowRemote bool
}

// Limits bound what clients can make the gateway hold.
type Limits struct {
	Connections int // open connections of one listener

	// ConnectionsPerAddress is how many of them one address (IPv6: one /64) may
	// have that is not in TrustedProxies; [ShareOf] unless the file says.
	ConnectionsPerAddress int

	HeaderTimeout time.Duration // TLS handshake, then each request's headers
	BodyTimeout   time.Duration // the longest pause within a request's body
	WriteTimeout  time.Duration // the longest that a client may not read
	IdleTimeout   time.Duration // a kept-alive connection between requests
	MaxChunks     int           // chunks in one request
}

// Master bounds the traffic with the master.
type Master struct {
	RequestTimeout time.Duration // one request on the master's ret_port
	Connections    int           // connections to the master's ret_port
}

// PAM is about the pam eauth. A zero number means the backend's own default.
type PAM struct {
	ConfDir       string // folder of PAM service files instead of the system's
	Slots         int    // PAM conversations at once, for credentials that were right lately
	UnprovenSlots int    // and besides them, for all others
	AllowRoot     bool   // whether root may log in
}

// Auth throttles wrong credentials. Zero means the default of package eauth.
type Auth struct {
	Attempts int           // failures of one user or address that cost nothing
	Window   time.Duration // a quiet time after which failures are forgotten

	// Deciding are eauth modules with a say in what their users may do, though
	// neither their names nor the master's folders show it.
	Deciding []string
}

// Audit is about the log of what callers did, and with which token.
type Audit struct {
	Off       bool
	File      string // "" for one in the state folder
	MaxSize   int64  // in bytes; a larger file is put aside
	Keep      int    // files that were put aside and are kept
	Arguments bool   // whether the arguments of commands are written down
}

// Log is about the log on standard error.
type Log struct {
	Level slog.Level
}

// ShareOf is what one address may have of something that all share, unless a
// setting says otherwise: a quarter.
func ShareOf(total int) int { return max(1, total/4) }

// DefaultBodyLimit is how large a request may be when no setting says
// otherwise: 100 MiB, as under CherryPy.
const DefaultBodyLimit = 100 << 20

// Default returns the settings of an empty file.
func Default() *Settings {
	return &Settings{
		StateDir:        "/var/lib/saltern",
		ShutdownTimeout: 30 * time.Second,
		Admin:           Admin{Listen: "127.0.0.1:9377"},
		Events: Events{
			Buffer: 8192, BufferSize: 64 << 20, Linger: 2 * time.Minute,
			StreamsPerUser: 200, StreamsPerSession: 100, ViewsPerUser: 16,
		},
		SSH: SSH{Program: "salt-ssh", Processes: 4},
		Limits: Limits{
			Connections:           1000,
			ConnectionsPerAddress: ShareOf(1000),
			HeaderTimeout:         10 * time.Second,
			BodyTimeout:           30 * time.Second,
			WriteTimeout:          30 * time.Second,
			IdleTimeout:           2 * time.Minute,
			MaxChunks:             1000,
		},
		Master: Master{RequestTimeout: 30 * time.Second, Connections: 8},
		Tokens: defaultTokens(),
		Audit:  Audit{MaxSize: 100 << 20, Keep: 10},
	}
}

// BodyLimit is the largest request body in bytes: this file's word, else the
// master config's max_request_body_size (0 when it has none), else
// [DefaultBodyLimit].
func (s *Settings) BodyLimit(master int64) int64 {
	return cmp.Or(s.MaxRequestBodySize, master, DefaultBodyLimit)
}
