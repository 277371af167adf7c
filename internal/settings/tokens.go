package settings

import "time"

// Tokens is about API tokens. A zero number or time means the default of
// package issuer, unless it says otherwise here.
type Tokens struct {
	Store TokenStore

	// PepperFile is the key of the hashes. Without one it is in the state
	// folder; gateways that share a Redis share the file too.
	PepperFile string

	Redis Redis

	MaxLife   time.Duration // the most for every token; 0 is no limit
	NoDirect  bool          // API tokens have to be exchanged before use
	UnusedFor time.Duration // tokens that were not used for so long are revoked; 0 is never

	// OwnerMaxIdle is how long tokens are good without a login of their owner,
	// where no eauth module says that the owner is still there; 0 is for ever.
	OwnerMaxIdle time.Duration

	// Eauth is the eauth module that checks a name and a password which come
	// without the name of one.
	Eauth string

	Native Lives
	CSP    CSP
	VCD    VCD

	// LoginRoles are the roles of every caller that logs in; nil stands for
	// the default, and an empty list for none.
	LoginRoles  []string
	Assignments []Assignment

	Throttle  Throttle
	Reminders Reminders
}

// TokenStore says where tokens are kept.
type TokenStore string

// The stores.
const (
	StoreBolt   TokenStore = "bolt"
	StoreMemory TokenStore = "memory"
	StoreRedis  TokenStore = "redis"
)

// Life is how long a token is good. The zero Life is the profile's default.
type Life struct {
	Never bool
	For   time.Duration
}

// Lives are the lives of tokens that ask for nothing, of one issuing profile.
type Lives struct {
	Access time.Duration // of access tokens
	Token  Life          // of API tokens
}

// CSP is the API that looks like Cloud Services.
type CSP struct {
	Off bool
	Lives
	QueryTokens bool // API tokens may stand in the query string
}

// VCD is the API that looks like Cloud Director, OAuth included.
type VCD struct {
	Off bool
	Lives
	Orgs []string // organizations besides System
}

// Redis says where a Redis is that several gateways share.
type Redis struct {
	// Addresses are host:port, or the path of a socket: one of a server,
	// several of a cluster, or those of sentinels.
	Addresses []string

	Username             string
	PasswordFile         string
	DB                   int
	MasterName           string // by which sentinels name the primary
	SentinelUsername     string
	SentinelPasswordFile string
	Cluster              bool // a cluster though there is one address
	TLS                  ClientTLS
	Prefix               string // of all keys
}

// ClientTLS says how to encrypt towards a server.
type ClientTLS struct {
	On   bool
	CA   string // PEM file of what signed the server's certificate, or "" for the system's
	Cert string // PEM file of a certificate of our own, or ""
	Key  string // PEM file
}

// Assignment gives roles to the users that it names. Users and Groups are
// shell globs; Eauth, when it is not empty, are the modules by which they have
// to be known.
type Assignment struct {
	Users  []string
	Groups []string
	Eauth  []string
	Roles  []string
}

// Throttle slows down clients that send tokens that are not good.
type Throttle struct {
	Attempts int           // failures that cost nothing
	First    time.Duration // the first refusal, doubled by each failure more
	Most     time.Duration // the longest refusal
	Window   time.Duration // a quiet time after which failures are forgotten
}

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
	To           string // a receiver of the reminders of all tokens, or ""
	Username     string
	PasswordFile string
	TLS          MailTLS
	CA           string // PEM file of what signed the server's certificate, or "" for the system's
}

// Webhook posts reminders to a URL.
type Webhook struct {
	URL        string // "" for none
	SecretFile string // the key that its requests are signed with
	CA         string // as Mail's
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
