package settings_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/settings"
)

const fullTokens = `
tokens:
  store: redis
  pepper_file: /etc/saltern/pepper
  redis:
    addresses: ["10.0.0.1:26379", "[fd00::2]:26379", /run/redis.sock]
    username: saltern
    password_file: /etc/saltern/redis
    db: 3
    master_name: primary
    sentinel_username: watch
    sentinel_password_file: /etc/saltern/sentinel
    cluster: false
    tls: {ca: /etc/ca.pem, crt: /etc/c.pem, key: /etc/k.pem}
    prefix: gw-1
  max_life: 1y
  direct_use: false
  unused_for: 90d
  eauth: ldap
  native: {access_life: 30m, token_life: 2w}
  csp: {enabled: false, access_life: 90s, token_life: never, query_tokens: true}
  vcd: {enabled: false, access_life: 7d, token_life: 5h, orgs: [web, Db-2]}
  login_roles: [User, auditors]
  assignments:
    - {users: [ops*, "[ab]c"], groups: wheel, eauth: [pam], roles: Administrator}
    - {groups: [audit], roles: [auditors, Read-only]}
  throttle: {attempts: 3, first: 2s, most: 30s, window: 1h}
  reminders:
    days: [14, 0]
    mail:
      server: mail.example.com:587
      from: Saltern <saltern@example.com>
      to: ops@example.com
      username: saltern
      password_file: /etc/saltern/mail
      tls: tls
      ca: /etc/ca.pem
    webhook: {url: "https://alerts.example.com/x?y=z", secret_file: /etc/saltern/hook, ca: /etc/ca.pem}
  owner_max_idle: 7d
audit: {file: /var/log/saltern/audit.jsonl, max_size: 1GiB, keep: 3, arguments: true}
`

func TestParseEveryKeyOfTokens(t *testing.T) {
	t.Parallel()
	got, err := settings.Parse("saltern.yaml", []byte(fullTokens))
	require.NoError(t, err)
	const day = 24 * time.Hour
	want := settings.Default()
	want.Tokens = settings.Tokens{
		Store: settings.StoreRedis, PepperFile: "/etc/saltern/pepper",
		Redis: settings.Redis{
			Addresses: []string{"10.0.0.1:26379", "[fd00::2]:26379", "/run/redis.sock"},
			Username:  "saltern", PasswordFile: "/etc/saltern/redis", DB: 3, MasterName: "primary",
			SentinelUsername: "watch", SentinelPasswordFile: "/etc/saltern/sentinel",
			TLS:    settings.ClientTLS{On: true, CA: "/etc/ca.pem", Cert: "/etc/c.pem", Key: "/etc/k.pem"},
			Prefix: "gw-1",
		},
		MaxLife: 365 * day, NoDirect: true, UnusedFor: 90 * day, OwnerMaxIdle: 7 * day, Eauth: "ldap",
		Native: settings.Lives{Access: 30 * time.Minute, Token: settings.Life{For: 14 * day}},
		CSP: settings.CSP{
			Off: true, Lives: settings.Lives{Access: 90 * time.Second, Token: settings.Life{Never: true}}, QueryTokens: true,
		},
		VCD: settings.VCD{
			Off: true, Lives: settings.Lives{Access: 7 * day, Token: settings.Life{For: 5 * time.Hour}},
			Orgs: []string{"web", "Db-2"},
		},
		LoginRoles: []string{"User", "auditors"},
		Assignments: []settings.Assignment{
			{Users: []string{"ops*", "[ab]c"}, Groups: []string{"wheel"}, Eauth: []string{"pam"}, Roles: []string{"Administrator"}},
			{Groups: []string{"audit"}, Roles: []string{"auditors", "Read-only"}},
		},
		Throttle: settings.Throttle{Attempts: 3, First: 2 * time.Second, Most: 30 * time.Second, Window: time.Hour},
		Reminders: settings.Reminders{
			Days: []int{14, 0},
			Mail: settings.Mail{
				Server: "mail.example.com:587", From: "Saltern <saltern@example.com>", To: "ops@example.com",
				Username: "saltern", PasswordFile: "/etc/saltern/mail", TLS: settings.MailOverTLS, CA: "/etc/ca.pem",
			},
			Webhook: settings.Webhook{
				URL: "https://alerts.example.com/x?y=z", SecretFile: "/etc/saltern/hook", CA: "/etc/ca.pem",
			},
		},
	}
	want.Audit = settings.Audit{File: "/var/log/saltern/audit.jsonl", MaxSize: 1 << 30, Keep: 3, Arguments: true}
	require.Equal(t, want, got)
}

// The effect of single keys, where it is not obvious.
func TestParseTokens(t *testing.T) {
	t.Parallel()
	const redis = "store: redis, pepper_file: /p"
	for text, want := range map[string]func(s *settings.Settings){
		"tokens: {login_roles: []}":                    func(s *settings.Settings) { s.Tokens.LoginRoles = []string{} },
		"tokens: {login_roles: }":                      func(*settings.Settings) {},
		"tokens: {max_life: never, unused_for: never}": func(*settings.Settings) {},
		"tokens: {owner_max_idle: never}":              func(s *settings.Settings) { s.Tokens.OwnerMaxIdle = 0 },
		"tokens: {owner_max_idle: 90d}":                func(s *settings.Settings) { s.Tokens.OwnerMaxIdle = 90 * 24 * time.Hour },
		"tokens: {direct_use: true}":                   func(*settings.Settings) {},
		"tokens: {csp: {enabled: true}}":               func(*settings.Settings) {},
		"tokens: {pepper_file: ''}":                    func(*settings.Settings) {},
		"tokens: {store: memory}":                      func(s *settings.Settings) { s.Tokens.Store = settings.StoreMemory },
		"tokens: {reminders: {days: []}}":              func(s *settings.Settings) { s.Tokens.Reminders.Days = []int{} },
		"audit: {file: off}":                           func(s *settings.Settings) { s.Audit.Off = true },
		"audit: {file: \"\"}":                          func(*settings.Settings) {},
		"records: {store: off}":                        func(s *settings.Settings) { s.Records.Store = settings.RecordsOff },
		"records: {keep: never}":                       func(s *settings.Settings) { s.Records.Keep = 0 },
		"tokens: {vcd: {orgs: [System, other]}}":       func(s *settings.Settings) { s.Tokens.VCD.Orgs = []string{"System", "other"} },
		"tokens: {redis: {addresses: localhost:6380}}": func(s *settings.Settings) { s.Tokens.Redis.Addresses = []string{"localhost:6380"} },
		"tokens: {redis: {tls: true}}":                 func(s *settings.Settings) { s.Tokens.Redis.TLS.On = true },
		"tokens: {redis: {tls: false, cluster: true}}": func(s *settings.Settings) { s.Tokens.Redis.Cluster = true },
		"tokens: {native: {token_life: 100y}}":         func(s *settings.Settings) { s.Tokens.Native.Token.For = 100 * 365 * 24 * time.Hour },
		"tokens: {" + redis + ", redis: {tls: {ca: /c}}}": func(s *settings.Settings) {
			s.Tokens.Store, s.Tokens.PepperFile = settings.StoreRedis, "/p"
			s.Tokens.Redis.TLS = settings.ClientTLS{On: true, CA: "/c"}
		},
		"tokens: {reminders: {mail: {server: 'localhost:25', from: a@b.example, username: u, password_file: /p, tls: off}}}": func(s *settings.Settings) {
			s.Tokens.Reminders.Mail = settings.Mail{
				Server: "localhost:25", From: "a@b.example", Username: "u", PasswordFile: "/p", TLS: settings.MailPlain,
			}
		},
		"tokens: {reminders: {webhook: {url: 'http://[::1]:8080/'}}}": func(s *settings.Settings) {
			s.Tokens.Reminders.Webhook.URL = "http://[::1]:8080/"
		},
	} {
		s := settings.Default()
		want(s)
		got, err := settings.Parse("saltern.yaml", []byte(text))
		require.NoError(t, err, text)
		require.Equal(t, s, got, text)
	}
}

// A secret in the file is not quoted in a problem.
func TestProblemsHaveNoValues(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"tokens: {redis: {addresses: ['redis://u:hunter2@h:6379']}}",
		"tokens: {redis: {addresses: ['u:hunter2@h:6379', 'hunter2@h:6379']}}",
		"tokens: {redis: {password: hunter2}}",
		"tokens: {reminders: {webhook: {url: 'https://u:hunter2@h/'}}}",
		"tokens: {reminders: {webhook: {url: 'http://h/hunter2'}}}",
		"tokens: {reminders: {mail: {server: 'u:hunter2@h:25', from: a@b}}}",
		"records: {store: 'postgres://u:hunter2@h/records'}",
		"records: {url: 'postgres://u:hunter2@h/records'}",
		"records: {max_value: 5MiB}",
		"records: {max_wait: 10ms}",
	} {
		_, err := settings.Parse("saltern.yaml", []byte(text))
		require.Error(t, err, text)
		require.NotContains(t, err.Error(), "hunter2", text)
	}
}
