package settings

import (
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// schema returns all keys, with the fields of s that hold their values.
func (d *decoder) schema(s *Settings) fields {
	l, e := &s.Limits, &s.Events
	return fields{
		{"listen", d.listen(&s.Listen), "more listeners, with the API of rest_cherrypy"},
		{"state_dir", d.text(&s.StateDir).as("path"), "the folder of the self-signed pair, sessions and tokens"},
		{"max_request_body_size", d.size(&s.MaxRequestBodySize).or("100MiB"), "413 above it; without it rest_cherrypy's, if that is set"},
		{"shutdown_timeout", d.duration(&s.ShutdownTimeout), "how long requests may go on after SIGTERM"},
		{"trusted_proxies", d.list(d.prefix(&s.TrustedProxies)), "peers whose X-Forwarded-For is believed"},
		{"public_url", d.publicURL(&s.PublicURL), "what URLs in answers begin with, such as https://salt.example.com/salt, instead of the request's host"},
		{"cors_origin", d.textOrList(d.origin(&s.CORSOrigin)), "origins whose pages may use the API from a browser; \"*\" is any page, without cookies"},
		{"events_acl", d.eventsACL(&s.EventsACL), "which events callers see; without a rule all, as in salt-api"},
		{"callbacks", d.callbacks(&s.Callbacks), "destinations that are told when jobs have ended"},
		{
			"results", oneOf(d, map[string]Results{"bus": ResultsBus, "verified": ResultsVerified}, "bus or verified", &s.Results),
			"minions' returns from the event bus, or from the master's job cache alone",
		},
		{
			"lookups", oneOf(d, map[string]Lookups{"files": LookupsFiles, "master": LookupsMaster}, "files or master", &s.Lookups),
			"whether look-ups of jobs and keys are answered from the master's files, or all sent to the master",
		},
		{"answers", d.section(fields{
			{"memory", d.size(&s.Answers.Memory), "what all requests together hold of large answers in memory; more is in files without a name in state_dir"},
			{"disk", d.size(&s.Answers.Disk), "the size of all these files, half of it for one address (IPv6: one /64); 503 above it"},
		}), "answers that are being made or sent"},
		{"events", d.section(fields{
			{"buffer", d.count(&e.Buffer), "events that are kept for readers that come back"},
			{"buffer_size", d.size(&e.BufferSize), "the same in bytes"},
			{"linger", d.duration(&e.Linger), "how long they are kept after the last reader has gone"},
			{"streams_per_user", d.count(&e.StreamsPerUser), "event streams open at once; 429 above it"},
			{"streams_per_session", d.count(&e.StreamsPerSession), "of them, of one session or token"},
			{"views_per_user", d.count(&e.ViewsPerUser), "of them, that are /formatted_events or /ws?format_events"},
		}), "streams of events"},
		{"ssh", d.section(fields{
			{"program", d.text(&s.SSH.Program), "salt-ssh, by name or path"},
			{"processes", d.count(&s.SSH.Processes), "how many of it run at once"},
			{"options", d.list(d.eachOf(&s.SSH.Options, SSHOptions())), "what callers without unrestricted rights may choose, such as ssh_port and off_roster"},
		}), "the client ssh"},
		{"admin", d.section(fields{
			{"listen", d.adminListen(&s.Admin.Listen), "the listener of /metrics, /healthz and /readyz"},
			{"allow_remote", d.boolean(&s.Admin.AllowRemote), "lets it be another address than a loopback one; it requires no password"},
		}), "metrics and health"},
		{"limits", d.section(fields{
			{"connections", d.count(&l.Connections), "open connections of each listener"},
			{"connections_per_address", d.count(&l.ConnectionsPerAddress), "of them for one address (IPv6: one /64), a quarter by default; those of trusted_proxies may have all"},
			{"header_timeout", d.duration(&l.HeaderTimeout), "the TLS handshake, and then each request's headers"},
			{"body_timeout", d.duration(&l.BodyTimeout), "the longest pause within a request's body"},
			{"write_timeout", d.duration(&l.WriteTimeout), "the longest time that a client may not read"},
			{"idle_timeout", d.duration(&l.IdleTimeout), "a kept connection between requests"},
			{"max_chunks", d.count(&l.MaxChunks), "chunks in one request"},
		}), "what clients can make the gateway hold"},
		{"master", d.section(fields{
			{"request_timeout", d.duration(&s.Master.RequestTimeout), "one request to the master's ret_port"},
			{"connections", d.count(&s.Master.Connections), "connections to it"},
		}), "the traffic with the master"},
		{"pam", d.section(fields{
			{"conf_dir", d.optional(&s.PAM.ConfDir).as("path"), "a folder of PAM services in place of the system's"},
			{"slots", d.count(&s.PAM.Slots).or("8"), "PAM conversations at once, for credentials that were right lately"},
			{"unproven_slots", d.count(&s.PAM.UnprovenSlots).or("4"), "and besides them, for all others"},
			{"allow_root", d.boolean(&s.PAM.AllowRoot), "lets root log in; a rule of external_auth for root by name does, too"},
		}), "the eauth pam"},
		{"auth", d.section(fields{
			{"attempts", d.count(&s.Auth.Attempts).or("3"), "failures of one user or address that cost nothing"},
			{"window", d.duration(&s.Auth.Window).or("10m"), "a quiet time after which failures are forgotten"},
			{"deciding", d.list(d.eachText(&s.Auth.Deciding)), "eauth modules with an acl() of their own that config-test does not see"},
			{"reuse", d.durationOrOff(&s.Auth.Reuse, MaxReuse), "how long a name and a password that the master has checked serve further requests from the same address without another check"},
			{
				"reuse_modules", replaced(&s.Auth.ReuseModules, d.list(d.eachOf(&s.Auth.ReuseModules, ReusableModules()))),
				"the eauth modules for which it counts; ldap is to be left out where passwords are good for one login",
			},
		}), "wrong credentials, and what eauth modules decide"},
		{"tokens", d.tokens(&s.Tokens), "API tokens"},
		{"rpc", d.section(fields{
			{"enabled", d.opposite(&s.RPC.Off), "the API of SaltStack Config is there"},
		}), "the API of SaltStack Config, at /rpc"},
		{"records", d.records(&s.Records), "what is kept of jobs and their returns"},
		{"audit", d.section(fields{
			{"file", d.auditFile(&s.Audit), "the audit log, or off; without it state_dir/audit/audit.jsonl"},
			{"max_size", d.size(&s.Audit.MaxSize), "a larger file is put aside"},
			{"keep", d.number(&s.Audit.Keep, 1, 10000), "files that were put aside and are kept"},
			{"arguments", d.boolean(&s.Audit.Arguments), "whether the arguments of commands are written down"},
		}), "the audit log"},
		{"log", d.section(fields{
			{"level", d.level(&s.Log.Level), "the least that is logged on standard error"},
		}), "the log"},
	}
}

// listen reads the `listen` list.
func (d *decoder) listen(to *[]Listen) value {
	return d.entries(func() (fields, func(*yaml.Node, string)) {
		var l Listen
		known := fields{
			{"address", d.address(&l.Address), "where it listens"},
			{"tls", d.tls(&l.TLS), "TLS with a self-signed pair, or with these files; without it plain on loopback, and TLS elsewhere"},
		}
		return known, func(n *yaml.Node, key string) {
			if n.Kind == yaml.MappingNode && !hasKey(n, "address") {
				d.problem(n.Line, key, "needs an address")
			}
			l.Line = n.Line
			*to = append(*to, l)
		}
	})
}

// tls reads true, false or a map of files.
func (d *decoder) tls(t *TLS) value {
	known := fields{
		{"crt", d.text(&t.Cert).as("path"), "PEM file of the certificate"},
		{"key", d.text(&t.Key).as("path"), "PEM file of its key"},
		{"chain", d.text(&t.Chain).as("path"), "PEM file of intermediate certificates"},
	}
	return value{kind: "true, false or a map", keys: known, read: func(n *yaml.Node, key string) {
		if n.Kind != yaml.MappingNode {
			var on bool
			d.boolean(&on).read(n, key)
			t.Mode = TLSOff
			if on {
				t.Mode = TLSOn
			}
			return
		}
		t.Mode = TLSOn
		d.mapping(n, key, known)
		if t.Cert == "" || t.Key == "" {
			d.problem(n.Line, key, "needs both crt and key")
		}
	}}
}

// eventsACL reads the `events_acl` list.
func (d *decoder) eventsACL(to *[]EventsRule) value {
	return d.entries(func() (fields, func(*yaml.Node, string)) {
		var r EventsRule
		known := fields{
			{"users", d.textOrList(d.eachText(&r.Users)), "patterns of users"},
			{"groups", d.textOrList(d.eachText(&r.Groups)), "patterns of groups"},
			{"eauth", d.textOrList(d.eachText(&r.Eauth)), "eauth modules; a rule without all three is for every caller"},
			{"tags", d.textOrList(d.eachText(&r.Tags)), "patterns of the tags that these see"},
		}
		return known, func(n *yaml.Node, key string) {
			if n.Kind == yaml.MappingNode && len(r.Tags) == 0 {
				d.problem(n.Line, key, "needs tags")
			}
			*to = append(*to, r)
		}
	})
}

// MaxCallbackTimeout is the longest [Callback].Timeout.
const MaxCallbackTimeout = time.Minute

// callbacks reads the `callbacks` list.
func (d *decoder) callbacks(to *[]Callback) value {
	return d.entries(func() (fields, func(*yaml.Node, string)) {
		var c Callback
		known := fields{
			{"name", d.word(&c.Name), "by which callers name it"},
			{"url", d.webhookURL(&c.URL), "where it is posted: https, or http to a loopback address"},
			{"secret_file", d.text(&c.SecretFile).as("path"), "the file of the key that the requests are signed with"},
			{"results", d.boolean(&c.Results), "whether it gets what the minions returned"},
			{"users", d.textOrList(d.eachText(&c.Users)), "patterns of the users that may name it"},
			{"groups", d.textOrList(d.eachText(&c.Groups)), "patterns of their groups"},
			{"eauth", d.textOrList(d.eachText(&c.Eauth)), "their eauth modules; without all three every caller may name it"},
			{"timeout", d.duration(&c.Timeout), "how long one attempt may take, 10s without it"},
			{"ca", d.text(&c.CA).as("path"), "PEM file of what signed the server's certificate"},
		}
		return known, func(n *yaml.Node, key string) {
			if n.Kind == yaml.MappingNode && (!hasKey(n, "name") || !hasKey(n, "url") || !hasKey(n, "secret_file")) {
				d.problem(n.Line, key, "needs a name, a url and a secret_file")
			}
			if c.Timeout > MaxCallbackTimeout {
				d.problem(n.Line, key, "timeout may be %.0f seconds at the most", MaxCallbackTimeout.Seconds())
			}
			if slices.ContainsFunc(*to, func(other Callback) bool { return other.Name == c.Name }) {
				d.problem(n.Line, key, "has the name of another one")
			}
			*to = append(*to, c)
		}
	})
}

// auditFile reads a path, or off.
func (d *decoder) auditFile(a *Audit) value {
	v := d.optional(&a.File)
	path := v.read
	v.kind = "path, or off"
	v.read = func(n *yaml.Node, key string) {
		if a.Off = isA(n, "!!str") && n.Value == "off"; !a.Off {
			path(n, key)
		}
	}
	return v
}

// records reads the section of records.
func (d *decoder) records(r *Records) value {
	stores := map[string]RecordStore{"sqlite": RecordsSQLite, "postgres": RecordsPostgres, "off": RecordsOff}
	return d.section(fields{
		{"store", oneOf(d, stores, "sqlite, postgres or off", &r.Store), "a file of SQLite, a PostgreSQL that several gateways share, or nothing is kept"},
		{"file", d.optional(&r.File).as("path"), "the file of store: sqlite; without it state_dir/records.db"},
		{"url_file", d.optional(&r.URLFile).as("path"), "the file with the URL of PostgreSQL, its password included; without it the URL is in the environment variable SALTERN_RECORDS_URL"},
		{"master", d.word(&r.Master), "the name of this master, where several masters have their records in one database"},
		{"keep", d.atMost(&r.Keep), "how long jobs are kept"},
		{"max_size", d.size(&r.MaxSize), "the oldest jobs are removed above it"},
		{"max_value", d.size(&r.MaxValue), "returns that are larger are recorded without their value"},
		{"max_wait", d.duration(&r.MaxWait), "the longest that a request may wait for the end of a job (`?wait=`)"},
	}, func(n *yaml.Node, key string) {
		if r.MaxWait < time.Second {
			d.problem(n.Line, key, "max_wait must be a second at least")
		}
		if r.MaxValue > MaxRecordValue {
			d.problem(n.Line, key, "max_value may be %d bytes at the most", MaxRecordValue)
		}
	})
}

// MaxRecordValue is the largest [Records].MaxValue: a page has one value at the
// least.
const MaxRecordValue = 4 << 20

// tokens reads the section of API tokens.
func (d *decoder) tokens(t *Tokens) value {
	stores := map[string]TokenStore{"bolt": StoreBolt, "memory": StoreMemory, "redis": StoreRedis}
	th := &t.Throttle
	return d.section(fields{
		{"store", oneOf(d, stores, "bolt, memory or redis", &t.Store), "state_dir/tokens.db, the gateway's memory, or a Redis that several gateways share"},
		{"pepper_file", d.optional(&t.PepperFile).as("path"), "the key of the hashes; without it state_dir/token.pepper, made at the first start"},
		{"redis", d.redis(&t.Redis), "the Redis of store: redis"},
		{"max_life", d.atMost(&t.MaxLife), "the most for every token, such as 1y; units are s, m, h, d, w and y"},
		{"direct_use", d.opposite(&t.NoDirect), "API tokens are good without having been exchanged"},
		{"unused_for", d.atMost(&t.UnusedFor), "tokens that were not used for so long are revoked"},
		{"owner_max_idle", d.atMost(&t.OwnerMaxIdle), "how long tokens are good after their owner's last login, where no eauth module says that the owner is still there"},
		{"eauth", d.text(&t.Eauth), "the eauth module of names and passwords that come to Cloud Services' and Cloud Director's API"},
		{"native", d.section(d.lives(&t.Native, "1h", "", "how long API tokens are good that name no lifetime: six months, unless it is set")), "tokens of Saltern's own API"},
		{"csp", d.section(append(fields{
			{"enabled", d.opposite(&t.CSP.Off), "the API of Cloud Services is there"},
			{"query_tokens", d.boolean(&t.CSP.QueryTokens), "API tokens may stand in the query string, and so in the logs of proxies"},
		}, d.lives(&t.CSP.Lives, "1799s", "", "as tokens.native.token_life")...)), "tokens of the API of Cloud Services"},
		{"vcd", d.section(append(fields{
			{"enabled", d.opposite(&t.VCD.Off), "the API of Cloud Director is there, with OAuth"},
			{"orgs", d.orgs(&t.VCD.Orgs), "organizations besides System"},
		}, d.lives(&t.VCD.Lives, "30d", "never", "as tokens.native.token_life")...)), "tokens of the API of Cloud Director"},
		{"login_roles", d.loginRoles(&t.LoginRoles), "roles of every caller that logs in; without it User, and Superuser for whom external_auth allows everything"},
		{"assignments", d.assignments(&t.Assignments), "users and groups with more roles"},
		{"throttle", d.section(fields{
			{"attempts", d.count(&th.Attempts).or("10"), "wrong tokens that cost nothing"},
			{"first", d.duration(&th.First).or("1s"), "the first refusal, doubled by each failure more"},
			{"most", d.duration(&th.Most).or("60s"), "the longest refusal"},
			{"window", d.duration(&th.Window).or("10m"), "a quiet time after which failures are forgotten"},
		}), "wrong tokens"},
		{"reminders", d.section(fields{
			{"days", d.days(&t.Reminders.Days), "days before the end of a token; 0 is its last 24 hours"},
			{"mail", d.mail(&t.Reminders.Mail), "a mail server"},
			{"webhook", d.webhook(&t.Reminders.Webhook), "a webhook"},
		}), "reminders that tokens end"},
	}, func(n *yaml.Node, key string) {
		if t.Store == StoreRedis && t.PepperFile == "" {
			d.problem(n.Line, key, "needs a pepper_file with store: redis, the same one at every gateway")
		}
	})
}

// lives returns the keys of a profile's lifetimes, with the defaults of package
// issuer.
func (d *decoder) lives(l *Lives, access, token, meaning string) fields {
	return fields{
		{"access_life", d.span(&l.Access).or(access), "how long access tokens are good"},
		{"token_life", d.life(&l.Token).or(token), meaning},
	}
}

// loginRoles reads a list; an absent one is not an empty one.
func (d *decoder) loginRoles(to *[]string) value {
	v := replaced(to, d.list(d.eachText(to)))
	show := v.show
	v.show = func() string {
		if *to == nil {
			return ""
		}
		return show()
	}
	return v
}

// orgs reads names of organizations, which appear in URLs and after an @.
func (d *decoder) orgs(to *[]string) value {
	return d.list(value{kind: "name", show: shownList(to), read: func(n *yaml.Node, key string) {
		var name string
		d.word(&name).read(n, key)
		if slices.ContainsFunc(*to, func(other string) bool { return strings.EqualFold(other, name) }) {
			d.problem(n.Line, key, "is named twice")
		}
		*to = append(*to, name)
	}})
}

// assignments reads the `assignments` list.
func (d *decoder) assignments(to *[]Assignment) value {
	return d.entries(func() (fields, func(*yaml.Node, string)) {
		var a Assignment
		known := fields{
			{"users", d.textOrList(d.glob(&a.Users)), "patterns of users"},
			{"groups", d.textOrList(d.glob(&a.Groups)), "patterns of groups"},
			{"eauth", d.textOrList(d.eachText(&a.Eauth)), "eauth modules by which they have to be known; without it any"},
			{"roles", d.textOrList(d.eachText(&a.Roles)), "the roles that these have"},
		}
		return known, func(n *yaml.Node, key string) {
			if n.Kind == yaml.MappingNode && len(a.Users) == 0 && len(a.Groups) == 0 {
				d.problem(n.Line, key, "needs users or groups")
			}
			if n.Kind == yaml.MappingNode && len(a.Roles) == 0 {
				d.problem(n.Line, key, "needs roles")
			}
			*to = append(*to, a)
		}
	})
}

// redis reads the section of the Redis server.
func (d *decoder) redis(r *Redis) value {
	var addresses []string
	list := d.textOrList(d.redisAddress(&addresses))
	list.show = shownList(&r.Addresses)
	return d.section(fields{
		{"addresses", list, "of a server, of the nodes of a cluster, or of sentinels where master_name is set"},
		{"username", d.optional(&r.Username), "a user of Redis"},
		{"password_file", d.optional(&r.PasswordFile).as("path"), "the file of the password"},
		{"db", d.number(&r.DB, 0, 1<<20), "the number of the database"},
		{"master_name", d.optional(&r.MasterName), "the name by which sentinels know the primary"},
		{"sentinel_username", d.optional(&r.SentinelUsername), "a user of the sentinels"},
		{"sentinel_password_file", d.optional(&r.SentinelPasswordFile).as("path"), "the file of that user's password"},
		{"cluster", d.boolean(&r.Cluster), "it is a cluster though there is one address"},
		{"tls", d.clientTLS(&r.TLS), "TLS, with the system's certificates or with these files"},
		{"prefix", d.word(&r.Prefix), "what all keys in Redis begin with"},
	}, func(n *yaml.Node, key string) {
		if len(addresses) > 0 {
			r.Addresses = addresses
		}
		cluster := r.MasterName == "" && (r.Cluster || len(r.Addresses) > 1)
		switch {
		case r.MasterName != "" && r.Cluster:
			d.problem(n.Line, key, "master_name is for sentinels, which a cluster has none of")
		case cluster && r.DB != 0:
			d.problem(n.Line, key, "a cluster has only db 0; are these sentinels without a master_name?")
		case r.MasterName == "" && (r.SentinelUsername != "" || r.SentinelPasswordFile != ""):
			d.problem(n.Line, key, "sentinels need a master_name")
		}
		if r.Username != "" && r.PasswordFile == "" || r.SentinelUsername != "" && r.SentinelPasswordFile == "" {
			d.problem(n.Line, key, "a user name needs a password file")
		}
	})
}

// clientTLS reads true, false or a map of files.
func (d *decoder) clientTLS(t *ClientTLS) value {
	known := fields{
		{"ca", d.text(&t.CA).as("path"), "PEM file of what signed the server's certificate"},
		{"crt", d.text(&t.Cert).as("path"), "PEM file of a certificate of the gateway's own"},
		{"key", d.text(&t.Key).as("path"), "PEM file of its key"},
	}
	return value{kind: "true, false or a map", show: shownBool(&t.On), keys: known, read: func(n *yaml.Node, key string) {
		if n.Kind != yaml.MappingNode {
			d.boolean(&t.On).read(n, key)
			return
		}
		t.On = true
		d.mapping(n, key, known)
		if (t.Cert == "") != (t.Key == "") {
			d.problem(n.Line, key, "crt and key belong together")
		}
	}}
}

// mostDays is more than any reminder needs.
const mostDays = 3650

// days reads numbers of days before the expiry of a token.
func (d *decoder) days(to *[]int) value {
	return replaced(to, d.list(value{kind: "whole number", show: shownList(to), read: func(n *yaml.Node, key string) {
		v := -1
		d.number(&v, 0, mostDays).read(n, key)
		switch {
		case v < 0:
		case slices.Contains(*to, v):
			d.problem(n.Line, key, "is named twice")
		default:
			*to = append(*to, v)
		}
	}}))
}

// mail reads the section of the mail server.
func (d *decoder) mail(m *Mail) value {
	ways := map[string]MailTLS{"starttls": MailSTARTTLS, "tls": MailOverTLS, "off": MailPlain}
	return d.section(fields{
		{"server", d.address(&m.Server), "the mail server; without it no mail is sent"},
		{"from", d.mailAddress(&m.From), "the sender"},
		{"to", d.mailAddress(&m.To), "a receiver of the reminders of all tokens, besides their owners"},
		{"username", d.optional(&m.Username), "a user of the mail server"},
		{"password_file", d.optional(&m.PasswordFile).as("path"), "the file of the password"},
		{"tls", oneOf(d, ways, "starttls, tls or off", &m.TLS), "how to encrypt; off is for a loopback server"},
		{"ca", d.optional(&m.CA).as("path"), "PEM file of what signed the server's certificate"},
	}, func(n *yaml.Node, key string) {
		if n.Kind != yaml.MappingNode {
			return
		}
		switch {
		case !hasKey(n, "server") || !hasKey(n, "from"):
			d.problem(n.Line, key, "needs a server and from")
		case (m.Username == "") != (m.PasswordFile == ""):
			d.problem(n.Line, key, "username and password_file belong together")
		case m.TLS == MailPlain && !IsLoopback(m.Server):
			d.problem(n.Line, key, "would travel in clear text: tls may be off only for a loopback server")
		}
	})
}

// webhook reads the section of the webhook.
func (d *decoder) webhook(w *Webhook) value {
	return d.section(fields{
		{"url", d.webhookURL(&w.URL), "where reminders are posted; without it nowhere"},
		{"secret_file", d.optional(&w.SecretFile).as("path"), "the file of the key that the requests are signed with"},
		{"ca", d.optional(&w.CA).as("path"), "PEM file of what signed the server's certificate"},
	}, func(n *yaml.Node, key string) {
		if n.Kind == yaml.MappingNode && !hasKey(n, "url") {
			d.problem(n.Line, key, "needs a url")
		}
	})
}
