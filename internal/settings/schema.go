package settings

import "go.yaml.in/yaml/v3"

// settings fills s from the file. This is the list of every key there is.
func (d *decoder) settings(n *yaml.Node, s *Settings) {
	d.mapping(n, "", fields{
		"listen":                d.list(func(n *yaml.Node, key string) { d.listen(n, key, s) }),
		"state_dir":             d.text(&s.StateDir),
		"max_request_body_size": d.size(&s.MaxRequestBodySize),
		"shutdown_timeout":      d.duration(&s.ShutdownTimeout),
		"trusted_proxies":       d.list(d.prefix(&s.TrustedProxies)),
		"public_url":            d.publicURL(&s.PublicURL),
		"cors_origin":           d.textOrList(d.origin(&s.CORSOrigin)),
		"events_acl":            d.list(func(n *yaml.Node, key string) { d.eventsRule(n, key, s) }),
		"results":               oneOf(d, map[string]Results{"bus": ResultsBus, "verified": ResultsVerified}, "bus or verified", &s.Results),
		"events": d.section(fields{
			"buffer":              d.count(&s.Events.Buffer),
			"buffer_size":         d.size(&s.Events.BufferSize),
			"linger":              d.duration(&s.Events.Linger),
			"streams_per_user":    d.count(&s.Events.StreamsPerUser),
			"streams_per_session": d.count(&s.Events.StreamsPerSession),
			"views_per_user":      d.count(&s.Events.ViewsPerUser),
		}),
		"ssh": d.section(fields{
			"program":   d.text(&s.SSH.Program),
			"processes": d.count(&s.SSH.Processes),
			"options":   d.list(d.oneOf(&s.SSH.Options, SSHOptions())),
		}),
		"admin": d.section(fields{
			"listen":       d.adminListen(&s.Admin.Listen),
			"allow_remote": d.boolean(&s.Admin.AllowRemote),
		}),
		"limits": d.section(fields{
			"connections":             d.count(&s.Limits.Connections),
			"connections_per_address": d.count(&s.Limits.ConnectionsPerAddress),
			"header_timeout":          d.duration(&s.Limits.HeaderTimeout),
			"body_timeout":            d.duration(&s.Limits.BodyTimeout),
			"write_timeout":           d.duration(&s.Limits.WriteTimeout),
			"idle_timeout":            d.duration(&s.Limits.IdleTimeout),
			"max_chunks":              d.count(&s.Limits.MaxChunks),
		}),
		"master": d.section(fields{
			"request_timeout": d.duration(&s.Master.RequestTimeout),
			"connections":     d.count(&s.Master.Connections),
		}),
		"pam": d.section(fields{
			"conf_dir":       d.optional(&s.PAM.ConfDir),
			"slots":          d.count(&s.PAM.Slots),
			"unproven_slots": d.count(&s.PAM.UnprovenSlots),
			"allow_root":     d.boolean(&s.PAM.AllowRoot),
		}),
		"auth": d.section(fields{
			"attempts": d.count(&s.Auth.Attempts),
			"window":   d.duration(&s.Auth.Window),
			"deciding": d.list(d.eachText(&s.Auth.Deciding)),
		}),
		"tokens": func(n *yaml.Node, key string) { d.tokens(n, key, &s.Tokens) },
		"audit":  func(n *yaml.Node, key string) { d.audit(n, key, &s.Audit) },
		"log": d.section(fields{
			"level": d.level(&s.Log.Level),
		}),
	})
}

// listen adds one entry of the `listen` list to s.
func (d *decoder) listen(n *yaml.Node, key string, s *Settings) {
	l := Listen{Line: n.Line}
	d.mapping(n, key, fields{
		"address": d.address(&l.Address),
		"tls":     func(n *yaml.Node, key string) { d.tls(n, key, &l.TLS) },
	})
	if n.Kind == yaml.MappingNode && !hasKey(n, "address") {
		d.problem(n.Line, key, "needs an address")
	}
	s.Listen = append(s.Listen, l)
}

// eventsRule adds one entry of the `events_acl` list to s.
func (d *decoder) eventsRule(n *yaml.Node, key string, s *Settings) {
	var r EventsRule
	d.mapping(n, key, fields{
		"users":  d.textOrList(d.eachText(&r.Users)),
		"groups": d.textOrList(d.eachText(&r.Groups)),
		"eauth":  d.textOrList(d.eachText(&r.Eauth)),
		"tags":   d.textOrList(d.eachText(&r.Tags)),
	})
	if n.Kind == yaml.MappingNode && len(r.Tags) == 0 {
		d.problem(n.Line, key, "needs tags")
	}
	s.EventsACL = append(s.EventsACL, r)
}

// tls reads true, false or a map of files.
func (d *decoder) tls(n *yaml.Node, key string, t *TLS) {
	if n.Kind != yaml.MappingNode {
		var on bool
		d.boolean(&on)(n, key)
		t.Mode = TLSOff
		if on {
			t.Mode = TLSOn
		}
		return
	}
	t.Mode = TLSOn
	d.mapping(n, key, fields{
		"crt":   d.text(&t.Cert),
		"key":   d.text(&t.Key),
		"chain": d.text(&t.Chain),
	})
	if t.Cert == "" || t.Key == "" {
		d.problem(n.Line, key, "needs both crt and key")
	}
}
