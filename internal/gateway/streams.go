package gateway

import (
	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/eventstream"
)

// openStreams makes the two ways between clients and the master's event bus.
func (g *Gateway) openStreams(c *Config, tokens *saltmaster.Tokens) error {
	visible, err := eventsACL(c)
	if err != nil {
		return err // it was found when the configuration was read
	}
	g.hub = eventstream.New(eventstream.Options{
		Tap:    func() eventstream.Tap { return g.bus.Expect("") },
		ACL:    visible,
		Events: c.set.Events.Buffer,
		Bytes:  c.set.Events.BufferSize,
		Linger: c.set.Events.Linger,
		Log:    g.log,
	})
	network, address := c.master.EventPullEndpoint()
	g.firer = eventbus.NewFirer(g.bus, eventbus.FirerOptions{
		Network: network, Address: address, MaxEventSize: c.master.MaxEventSize, Log: g.log,
		BareStamp: func() bool { return !isFrom3008(c.master, tokens) },
	})
	return nil
}

// eventsACL is who sees which events; nil is everybody everything.
func eventsACL(c *Config) (*eventstream.ACL, error) {
	if len(c.set.EventsACL) == 0 {
		return nil, nil
	}
	rules := make([]eventstream.Rule, len(c.set.EventsACL))
	for i, r := range c.set.EventsACL {
		rules[i] = eventstream.Rule{Users: r.Users, Groups: r.Groups, Eauth: r.Eauth, Tags: r.Tags}
	}
	return eventstream.NewACL(rules)
}

// perms is what a login is told of what it may do.
func (g *Gateway) perms(s *session.Session) []byte {
	who, ok := lowstate.WhoIs(eauth.Identity{User: s.User, Eauth: s.Eauth, Groups: s.Groups, AuthList: s.AuthList})
	if !ok {
		return []byte("{}")
	}
	return g.rules.Perms(who)
}
