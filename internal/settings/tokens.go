package settings

import "time"

// Tokens is the settings of API tokens. A zero number or time stands for the
// default of package issuer, unless noted otherwise.
type Tokens struct {
	Store TokenStore

	// PepperFile is the file with the key of the hashes. If it is "", the key
	// is in the state directory; gateways with a common Redis share the file
	// too.
	PepperFile string

	Redis Redis

	MaxLife   time.Duration // of any token; 0 is no limit
	NoDirect  bool          // API tokens have to be exchanged before use
	UnusedFor time.Duration // tokens unused for so long are revoked; 0 is never

	// OwnerMaxIdle is how long tokens are valid without a login of their owner,
	// if no eauth module can check that the owner still exists; 0 is for ever.
	OwnerMaxIdle time.Duration

	// Eauth is the eauth module for a name and a password without one.
	Eauth string

	Native Lives
	CSP    CSP
	VCD    VCD

	// LoginRoles are the roles of every caller that logs in; nil stands for the
	// default, and an empty list for none.
	LoginRoles  []string
	Assignments []Assignment

	Throttle  Throttle
	Reminders Reminders
}

// TokenStore is the kind of store for tokens.
type TokenStore string

// The stores.
const (
	StoreBolt   TokenStore = "bolt"
	StoreMemory TokenStore = "memory"
	StoreRedis  TokenStore = "redis"
)

// Life is the lifetime of a token. The zero Life is the profile's default.
type Life struct {
	Never bool
	For   time.Duration
}

// Lives are the default lifetimes of the tokens of one issuing profile.
type Lives struct {
	Access time.Duration // of access tokens
	Token  Life          // of API tokens
}

// CSP is the API of Cloud Services.
type CSP struct {
	Off bool
	Lives
	QueryTokens bool // accept API tokens in the query string
}

// VCD is the API of Cloud Director, OAuth included.
type VCD struct {
	Off bool
	Lives
	Orgs []string // organizations besides System
}

// RPC is the API of SaltStack Config.
type RPC struct{ Off bool }

// Redis is the address of a Redis that several gateways share.
type Redis struct {
	// Addresses are host:port, or the path of a socket: one for a server,
	// several for a cluster, or those of sentinels.
	Addresses []string

	Username             string
	PasswordFile         string
	DB                   int
	MasterName           string // the sentinels' name of the primary
	SentinelUsername     string
	SentinelPasswordFile string
	Cluster              bool // a cluster even with one address
	TLS                  ClientTLS
	Prefix               string // of all keys
}

// ClientTLS is the TLS of connections to a server.
type ClientTLS struct {
	On   bool
	CA   string // PEM file of the CAs of the server's certificate, or "" for the system's
	Cert string // PEM file of a client certificate, or ""
	Key  string // PEM file
}

// Assignment gives roles to the users that it names. Users and Groups are shell
// globs; Eauth, if not empty, are the modules by which they have to be
// authenticated.
type Assignment struct {
	Users  []string
	Groups []string
	Eauth  []string
	Roles  []string
}

// Throttle slows down clients that send invalid tokens.
type Throttle struct {
	Attempts int           // failures that are not delayed
	First    time.Duration // the first refusal, doubled by each further failure
	Most     time.Duration // the longest refusal
	Window   time.Duration // the time without failures after which they are forgotten
}

// Reminders are the settings of reminders of expiring tokens. Without a mail
// server and a webhook there are none.
type Reminders struct {
	Days    []int // days before the end; 0 is the last 24 hours
	Mail    Mail
	Webhook Webhook
}

// MailTLS is the encryption of connections to a mail server.
type MailTLS string

// The kinds of encryption for mail.
const (
	MailSTARTTLS MailTLS = "starttls" // required, not opportunistic
	MailOverTLS  MailTLS = "tls"
	MailPlain    MailTLS = "off"
)

// Mail sends reminders over SMTP.
type Mail struct {
	Server       string // host:port, or "" for no mail
	From         string
	To           string // an additional recipient of all reminders, or ""
	Username     string
	PasswordFile string
	TLS          MailTLS
	CA           string // PEM file of the CAs of the server's certificate, or "" for the system's
}

// Webhook posts reminders to a URL.
type Webhook struct {
	URL        string // "" for none
	SecretFile string // the key of its requests' signatures
	CA         string // as in Mail
}

func defaultTokens() Tokens {
	return Tokens{
		Store: StoreBolt,
		Redis: Redis{Addresses: []string{"127.0.0.1:6379"}, Prefix: "saltern"},
		Eauth: "pam",

		OwnerMaxIdle: 30 * day,
		Reminders:    Reminders{Days: []int{30, 7, 0}, Mail: Mail{TLS: MailSTARTTLS}},
	}
}
