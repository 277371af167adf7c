package settings

import (
	"cmp"
	"log/slog"
	"net/netip"
	"time"
)

// Settings are the settings of saltern.yaml, with a default for each absent
// one.
type Settings struct {
	// Listen are the listeners besides those of the master config's
	// rest_cherrypy and rest_wsgi sections.
	Listen []Listen

	// StateDir holds the files that are kept over a restart, such as the
	// self-signed certificate.
	StateDir string

	// MaxRequestBodySize is in bytes; 0 if not set. See [Settings.BodyLimit].
	MaxRequestBodySize int64

	// ShutdownTimeout is how long requests may go on after SIGTERM.
	ShutdownTimeout time.Duration

	// TrustedProxies are the peers whose X-Forwarded-For is trusted.
	TrustedProxies []netip.Prefix

	// PublicURL is the beginning of the gateway's URLs in responses of OAuth
	// and Cloud Director, root_prefix included, such as
	// https://salt.example.com, without a trailing slash. If it is "", they
	// begin with the host that each request names.
	PublicURL string

	// CORSOrigin are the origins, such as https://ui.example.com, whose pages
	// may use the API from a browser; "*" is every page, without cookies.
	CORSOrigin []string

	// EventsACL limits which callers may read which events; without a rule,
	// every caller may read all, as in salt-api.
	EventsACL []EventsRule

	// Callbacks are the destinations of call-backs.
	Callbacks []Callback

	// Results is the source of the returns of minions.
	Results Results

	// Lookups is where look-ups of jobs and keys are answered from.
	Lookups Lookups

	// Answers bounds what is kept of answers until they are sent.
	Answers Answers

	Admin   Admin
	Events  Events
	SSH     SSH
	Limits  Limits
	Master  Master
	PAM     PAM
	Auth    Auth
	Tokens  Tokens
	RPC     RPC
	Records Records
	Audit   Audit
	Log     Log
}

// Listen is one more listener with the API of rest_cherrypy.
type Listen struct {
	Line    int    // in the file
	Address string // host:port
	TLS     TLS
}

// TLSMode is whether a listener uses TLS.
type TLSMode int

// The modes of a listener.
const (
	TLSAuto TLSMode = iota // plain on loopback, TLS elsewhere
	TLSOff                 // `tls: false`
	TLSOn                  // `tls: true`, or a pair of files
)

// TLS is a listener's `tls` setting. With TLSOn and no files the certificate is
// self-signed.
type TLS struct {
	Mode  TLSMode
	Cert  string // PEM file
	Key   string // PEM file
	Chain string // PEM file of intermediate certificates, or ""
}

// EventsRule allows the callers that it names to read the events whose tags
// match one of Tags. Users, Groups and Tags are shell globs; a rule without
// users, groups and eauth modules is for every caller.
type EventsRule struct {
	Users  []string
	Groups []string
	Eauth  []string
	Tags   []string
}

// Callback is a destination that is told when jobs have ended. Users, Groups and
// Eauth are those who may name it, as in [EventsRule].
type Callback struct {
	Name       string
	URL        string
	SecretFile string // the key of its requests' signatures
	Results    bool   // whether it gets what the minions returned
	Users      []string
	Groups     []string
	Eauth      []string
	Timeout    time.Duration // of one attempt; 0 stands for the default of package signedpost
	CA         string        // PEM file of the CAs of the server's certificate, or "" for the system's
}

// Results is the source of the returns of minions.
type Results int

// The sources of returns.
const (
	ResultsBus      Results = iota // the event bus, as salt-api does
	ResultsVerified                // the master's job cache, to which only the master writes
)

// Lookups is where look-ups of jobs and keys are answered from.
type Lookups int

// The sources of look-ups.
const (
	LookupsFiles  Lookups = iota // the master's files, where that makes no difference
	LookupsMaster                // the master's runners and wheel functions, as salt-api does
)

// Answers bounds what is kept of answers, and of returns that wait to become
// part of one, in bytes for all requests together.
type Answers struct {
	Memory int64 // in memory; more is kept in files
	Disk   int64 // in files without a name in the state directory
}

// Events bounds the event streams.
type Events struct {
	Buffer     int           // events kept for readers, and for those that reconnect
	BufferSize int64         // the same in bytes
	Linger     time.Duration // how long they are kept after the last reader is gone

	StreamsPerUser    int // open at once, per user of one eauth
	StreamsPerSession int // of them, per session or token
	ViewsPerUser      int // of them, that are formatted
}

// SSH is the settings of the client ssh.
type SSH struct {
	Program   string // salt-ssh, by name or path
	Processes int    // how many of them run at once

	// Options are those [SSHOptions] that callers may use whose rules do not
	// allow everything.
	Options []string
}

// SSHOptions returns the options of a call of salt-ssh that require
// unrestricted rights, unless the file lists them. off_roster is a target that
// is not a host of the roster.
func SSHOptions() []string {
	return []string{
		"ignore_host_keys", "min_extra_mods", "no_host_keys", "off_roster", "roster", "roster_file", "ssh_options",
		"ssh_port", "ssh_priv", "ssh_remote_port_forwards", "ssh_scan_ports", "thin_extra_mods",
	}
}

// Admin is the listener for metrics and health.
type Admin struct {
	// Listen is host:port, or "" if the file has `off`.
	Listen string

	// AllowRemote allows an address other than loopback. The listener has no
	// authentication.
	AllowRemote bool
}

// Limits bound the resources that clients can hold.
type Limits struct {
	Connections int // open connections of one listener

	// ConnectionsPerAddress is how many of them one address (IPv6: one /64) may
	// have, unless it is in TrustedProxies; [ShareOf] if not set.
	ConnectionsPerAddress int

	HeaderTimeout time.Duration // TLS handshake, then each request's headers
	BodyTimeout   time.Duration // the longest pause within a request's body
	WriteTimeout  time.Duration // the longest that a client may read nothing
	IdleTimeout   time.Duration // a kept-alive connection between requests
	MaxChunks     int           // chunks in one request
}

// Master bounds the traffic with the master.
type Master struct {
	RequestTimeout time.Duration // one request on the master's ret_port
	Connections    int           // connections to the master's ret_port
}

// PAM is the settings of the pam eauth. A zero number stands for the backend's
// own default.
type PAM struct {
	ConfDir       string // directory of PAM service files in place of the system's
	Slots         int    // PAM conversations at once, for credentials that were valid lately
	UnprovenSlots int    // the same for all others, in addition
	AllowRoot     bool   // whether root may log in
}

// Auth is about credentials. A zero number of attempts, or window, stands for
// the default of package eauth.
type Auth struct {
	Attempts int           // failures per user or address that are not delayed
	Window   time.Duration // the time without failures after which they are forgotten

	// Deciding are eauth modules that give rights to their users, although
	// neither their names nor the master's directories show it.
	Deciding []string

	// Reuse is how long credentials that the master has checked serve further
	// requests without another check, 0 for never; ReuseModules are the eauth
	// modules for which it counts, of [ReusableModules].
	Reuse        time.Duration
	ReuseModules []string
}

// MaxReuse is the longest [Auth].Reuse: a password that was changed is accepted
// for so long.
const MaxReuse = time.Minute

// ReusableModules are the eauth modules of Salt whose passwords are good for
// more than one login. A password of pam may be good for one.
func ReusableModules() []string { return []string{"auto", "file", "ldap", "sharedsecret"} }

// RecordStore is the kind of store for records.
type RecordStore string

// The stores.
const (
	RecordsOff      RecordStore = "off"
	RecordsSQLite   RecordStore = "sqlite"
	RecordsPostgres RecordStore = "postgres"
)

// Records is the settings of what is kept of jobs and their returns.
type Records struct {
	Store RecordStore
	File  string // of SQLite; "" for the one in the state directory

	// URLFile is the file with the URL of PostgreSQL; "" for that in the
	// environment variable of package config.
	URLFile string

	Master   string        // the name of this master in the database
	Keep     time.Duration // how long jobs are kept; 0 is for ever
	MaxSize  int64         // in bytes; the oldest jobs are removed above it
	MaxValue int64         // in bytes; larger values of returns are not kept
	MaxWait  time.Duration // the longest that a request may wait for the end of a job
}

// Audit is the settings of the log of callers' actions, with their tokens.
type Audit struct {
	Off       bool
	File      string // "" for the one in the state directory
	MaxSize   int64  // in bytes; a larger file is rotated
	Keep      int    // rotated files to keep
	Arguments bool   // whether the arguments of commands are written
}

// Log is the settings of the log on standard error.
type Log struct {
	Level slog.Level
}

// ShareOf returns the share of one address in a common resource, unless a
// setting has another one: a quarter.
func ShareOf(total int) int { return max(1, total/4) }

// DefaultBodyLimit is the maximum request body in bytes without a setting: 100
// MiB, as in CherryPy.
const DefaultBodyLimit = 100 << 20

// Default returns the settings of an empty file.
func Default() *Settings {
	return &Settings{
		StateDir:        "/var/lib/saltern",
		ShutdownTimeout: 30 * time.Second,
		Answers:         Answers{Memory: 32 << 20, Disk: 4 << 30},
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
		Master:  Master{RequestTimeout: 30 * time.Second, Connections: 8},
		Auth:    Auth{Reuse: 5 * time.Second, ReuseModules: ReusableModules()},
		Tokens:  defaultTokens(),
		Records: Records{Store: RecordsSQLite, Keep: 90 * day, MaxSize: 2 << 30, MaxValue: 64 << 10, MaxWait: 5 * time.Minute},
		Audit:   Audit{MaxSize: 100 << 20, Keep: 10},
	}
}

// BodyLimit returns the maximum request body in bytes: that of this file, else
// the master config's max_request_body_size (0 if not set), else
// [DefaultBodyLimit].
func (s *Settings) BodyLimit(master int64) int64 {
	return cmp.Or(s.MaxRequestBodySize, master, DefaultBodyLimit)
}
