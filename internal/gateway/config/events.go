package config

import "github.com/saltern-api/saltern/saltmaster/eventstream"

// EventsACL is who sees which events; nil is everybody everything.
func (c *Config) EventsACL() (*eventstream.ACL, error) {
	if len(c.Settings.EventsACL) == 0 {
		return nil, nil //nolint:nilnil // without rules there is no limit, as in salt-api
	}
	rules := make([]eventstream.Rule, len(c.Settings.EventsACL))
	for i, r := range c.Settings.EventsACL {
		rules[i] = eventstream.Rule{Users: r.Users, Groups: r.Groups, Eauth: r.Eauth, Tags: r.Tags}
	}
	return eventstream.NewACL(rules)
}
