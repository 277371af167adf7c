package settings

import (
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// tokens reads the section of API tokens.
func (d *decoder) tokens(n *yaml.Node, key string, t *Tokens) {
	stores := map[string]TokenStore{"bolt": StoreBolt, "memory": StoreMemory, "redis": StoreRedis}
	d.mapping(n, key, fields{
		"store":       oneOf(d, stores, "bolt, memory or redis", &t.Store),
		"pepper_file": d.optional(&t.PepperFile),
		"redis":       func(n *yaml.Node, key string) { d.redis(n, key, &t.Redis) },
		"max_life":    d.atMost(&t.MaxLife),
		"direct_use":  d.opposite(&t.NoDirect),
		"unused_for":  d.atMost(&t.UnusedFor),

		"owner_max_idle": d.atMost(&t.OwnerMaxIdle),

		"eauth":  d.text(&t.Eauth),
		"native": d.section(d.lives(&t.Native, fields{})),
		"csp": d.section(d.lives(&t.CSP.Lives, fields{
			"enabled":      d.opposite(&t.CSP.Off),
			"query_tokens": d.boolean(&t.CSP.QueryTokens),
		})),
		"vcd": d.section(d.lives(&t.VCD.Lives, fields{
			"enabled": d.opposite(&t.VCD.Off),
			"orgs":    d.list(func(n *yaml.Node, key string) { d.org(n, key, &t.VCD.Orgs) }),
		})),
		"login_roles": func(n *yaml.Node, key string) {
			t.LoginRoles = []string{} // what is listed takes the place of the default
			d.list(d.eachText(&t.LoginRoles))(n, key)
		},
		"assignments": d.list(func(n *yaml.Node, key string) { d.assignment(n, key, t) }),
		"throttle": d.section(fields{
			"attempts": d.count(&t.Throttle.Attempts),
			"first":    d.duration(&t.Throttle.First),
			"most":     d.duration(&t.Throttle.Most),
			"window":   d.duration(&t.Throttle.Window),
		}),
		"reminders": func(n *yaml.Node, key string) { d.reminders(n, key, &t.Reminders) },
	})
	if t.Store == StoreRedis && t.PepperFile == "" {
		d.problem(n.Line, key, "needs a pepper_file with store: redis, the same one at every gateway")
	}
}

// lives adds the keys of a profile's lives to others.
func (d *decoder) lives(l *Lives, others fields) fields {
	others["access_life"] = d.span(&l.Access)
	others["token_life"] = d.life(&l.Token)
	return others
}

// org adds the name of an organization. It stands in URLs, and behind an @.
func (d *decoder) org(n *yaml.Node, key string, to *[]string) {
	var name string
	d.word(&name)(n, key)
	if slices.ContainsFunc(*to, func(other string) bool { return strings.EqualFold(other, name) }) {
		d.problem(n.Line, key, "is named twice")
	}
	*to = append(*to, name)
}

// assignment adds one entry of the `assignments` list.
func (d *decoder) assignment(n *yaml.Node, key string, t *Tokens) {
	var a Assignment
	d.mapping(n, key, fields{
		"users":  d.textOrList(d.glob(&a.Users)),
		"groups": d.textOrList(d.glob(&a.Groups)),
		"eauth":  d.textOrList(d.eachText(&a.Eauth)),
		"roles":  d.textOrList(d.eachText(&a.Roles)),
	})
	if n.Kind == yaml.MappingNode && len(a.Users) == 0 && len(a.Groups) == 0 {
		d.problem(n.Line, key, "needs users or groups")
	}
	if n.Kind == yaml.MappingNode && len(a.Roles) == 0 {
		d.problem(n.Line, key, "needs roles")
	}
	t.Assignments = append(t.Assignments, a)
}

// glob adds a pattern with *, ? and [a-z].
func (d *decoder) glob(to *[]string) reader {
	return func(n *yaml.Node, key string) {
		d.eachText(to)(n, key)
		if _, err := path.Match(n.Value, ""); err != nil {
			d.problem(n.Line, key, "is no pattern: a bracket is not closed, or there is nothing in it")
		}
	}
}

// redis reads the section of the Redis server.
func (d *decoder) redis(n *yaml.Node, key string, r *Redis) {
	var addresses []string
	d.mapping(n, key, fields{
		"addresses":              d.textOrList(d.redisAddress(&addresses)),
		"username":               d.optional(&r.Username),
		"password_file":          d.optional(&r.PasswordFile),
		"db":                     d.number(&r.DB, 0, 1<<20),
		"master_name":            d.optional(&r.MasterName),
		"sentinel_username":      d.optional(&r.SentinelUsername),
		"sentinel_password_file": d.optional(&r.SentinelPasswordFile),
		"cluster":                d.boolean(&r.Cluster),
		"tls":                    func(n *yaml.Node, key string) { d.clientTLS(n, key, &r.TLS) },
		"prefix":                 d.word(&r.Prefix),
	})
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
}

// redisAddress adds host:port, or the path of a socket.
func (d *decoder) redisAddress(to *[]string) reader {
	return func(n *yaml.Node, key string) {
		socket := strings.HasPrefix(n.Value, "/") && !strings.ContainsRune(n.Value, 0)
		if !isA(n, "!!str") || !socket && (!isAddress(n.Value) || strings.ContainsAny(n.Value, "@/")) {
			d.problem(n.Line, key, "must be host:port, such as 127.0.0.1:6379, or the path of a socket")
			return
		}
		*to = append(*to, n.Value)
	}
}

// clientTLS reads true, false or a map of files.
func (d *decoder) clientTLS(n *yaml.Node, key string, t *ClientTLS) {
	if n.Kind != yaml.MappingNode {
		d.boolean(&t.On)(n, key)
		return
	}
	t.On = true
	d.mapping(n, key, fields{
		"ca":  d.text(&t.CA),
		"crt": d.text(&t.Cert),
		"key": d.text(&t.Key),
	})
	if (t.Cert == "") != (t.Key == "") {
		d.problem(n.Line, key, "crt and key belong together")
	}
}
