package mastertest

import (
	"context"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// wheel runs a wheel function and answers when it is done.
func (m *Master) wheel(load msgpack.Raw) answer {
	user, refused := m.authorize(load, "wheel")
	if refused != nil {
		return plain(refused)
	}
	c := newCall(load, load, m.newJID(), user)
	f, known := m.opts.Wheels[c.Fun]
	if !known && c.Fun == "key.list_all" {
		f, known = m.listKeys, true
	}
	if m.release.nestedWheel {
		return plain(m.wheelNested(c, lookupText(load, "__jid__"), f, known))
	}
	return plain(m.wheelFlat(c, f, known))
}

// wheelFlat is the way of 3008: one pair of events.
func (m *Master) wheelFlat(c Call, f Function, known bool) msgpack.Raw {
	tag := "salt/wheel/" + c.JID
	head := []pair{{"fun", text("wheel." + c.Fun)}, {"jid", text(c.JID)}, {"tag", text(tag)}, {"user", text(c.User)}}
	if !known {
		data := object(append(head, pair{"return", text("Exception occurred in wheel " + c.Fun + ": UnboundLocalError: " +
			"cannot access local variable 'proc_fn' where it is not associated with a value")},
			pair{"success", boolean(false)}, m.stamp())...)
		m.Fire(tag+"/ret", data)
		return object(pair{"tag", text(tag)}, pair{"data", data})
	}
	m.Fire(tag+"/new", object(append(c.head("wheel"), c.funArgs(), m.stamp())...))
	ret, ok := f(m.lifetime(), c)
	end := []pair{{"return", ret}, {"success", boolean(ok)}}
	m.Fire(tag+"/ret", object(append(append(c.head("wheel"), c.funArgs(), m.stamp()), end...)...))
	return object(pair{"tag", text(tag)}, pair{"data", object(append(head, end...)...)})
}

// wheelNested is the way of 3006: the call's events surround those of an inner call, which has another jid, the one
// that the load requests if any, and no user.
func (m *Master) wheelNested(c Call, innerJID string, f Function, known bool) msgpack.Raw {
	tag := "salt/wheel/" + c.JID
	head := []pair{{"fun", text("wheel." + c.Fun)}, {"jid", text(c.JID)}, {"tag", text(tag)}, {"user", text(c.User)}}
	m.Fire(tag+"/new", object(append(head, m.stamp())...))

	inner := c
	inner.JID, inner.User = innerJID, "UNKNOWN"
	if inner.JID == "" {
		inner.JID = m.newJID()
	}
	innerTag := "salt/wheel/" + inner.JID
	var ret msgpack.Raw
	ok := false
	if known {
		m.Fire(innerTag+"/new", object(append(inner.head("wheel"), inner.funArgs(), m.stamp())...))
		ret, ok = f(m.lifetime(), c)
		m.Fire(innerTag+"/ret", object(append(inner.head("wheel"), inner.funArgs(), m.stamp(), pair{"return", ret},
			pair{"success", boolean(ok)})...))
	} else {
		ret = text(notAvailable("wheel", c.Fun))
		m.Fire(innerTag+"/ret", object(append(inner.head("wheel"), pair{"return", ret}, pair{"success", boolean(false)},
			pair{"retcode", number(1)}, m.stamp())...))
	}
	data := object(append(head, m.stamp(), pair{"return", ret}, pair{"success", boolean(ok)})...)
	m.Fire(tag+"/ret", data)
	return object(pair{"tag", text(tag)}, pair{"data", data})
}

// listKeys is key.list_all.
func (m *Master) listKeys(context.Context, Call) (msgpack.Raw, bool) {
	var ids []string
	for _, minion := range m.opts.Minions {
		ids = append(ids, minion.ID)
	}
	none := texts(nil)
	accepted := pair{"minions", texts(ids)}
	rest := []pair{{"minions_pre", none}, {"minions_rejected", none}}
	keys := append([]pair{accepted}, rest...)
	if m.release.pooled { // newer masters list them in another order
		keys = append(rest, accepted)
	}
	return object(append(keys, pair{"minions_denied", none}, pair{"local", texts([]string{"master.pem", "master.pub"})})...), true
}
