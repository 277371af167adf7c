package gateway

import (
	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/eventstream"
)

// openStreams opens both directions between clients and the master's event bus.
func (g *Gateway) openStreams() error {
	visible, err := g.config.EventsACL()
	if err != nil {
		return err // already reported when the configuration was loaded
	}
	set, mc := g.config.Settings.Events, g.config.Master
	g.hub = eventstream.New(eventstream.Options{
		Tap:    func() eventstream.Tap { return g.bus.Expect("") },
		ACL:    visible,
		Events: set.Buffer,
		Bytes:  set.BufferSize,
		Linger: set.Linger,
		Log:    g.log,
	})
	g.opened.addFunc("the event streams", g.hub.Close)
	network, address := mc.EventPullEndpoint()
	g.firer = eventbus.NewFirer(g.bus, eventbus.FirerOptions{
		Network: network, Address: address, MaxEventSize: mc.MaxEventSize, Log: g.log,
		BareStamp: g.isBefore3008,
	})
	return nil
}

// perms returns the permissions shown after a login.
func (g *Gateway) perms(s *session.Session) []byte {
	subject, ok := lowstate.SubjectOf(eauth.Identity{User: s.User, Eauth: s.Eauth, Groups: s.Groups, AuthList: s.AuthList})
	if !ok {
		return []byte("{}")
	}
	return g.rules.Perms(subject)
}
