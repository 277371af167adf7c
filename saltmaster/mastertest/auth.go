package mastertest

import (
	"regexp"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// caller is the user of a load's credentials. kind is the one of "token", "eauth" and "user" that the master looks
// at; user may be named although known is false.
type caller struct {
	kind, user string
	known      bool
}

// authenticate reads the credentials in m: the load's own for runner and wheel, its kwargs for publish.
func (m *Master) authenticate(creds msgpack.Raw) caller {
	if _, ok := creds.Lookup("token"); ok {
		data, ok := m.readToken(lookupText(creds, "token"))
		ok = ok && slices.Contains(m.opts.Eauth, lookupText(data, "eauth"))
		return caller{"token", lookupText(data, "name"), ok}
	}
	if _, ok := creds.Lookup("eauth"); ok {
		_, ok := m.login(creds)
		return caller{"eauth", lookupText(creds, "username"), ok}
	}
	return caller{kind: "user"}
}

func (m *Master) login(creds msgpack.Raw) (user string, ok bool) {
	name := lookupText(creds, "username")
	u, ok := m.opts.Users[name]
	ok = ok && u.Password == lookupText(creds, "password") && slices.Contains(m.opts.Eauth, lookupText(creds, "eauth"))
	return name, ok
}

// mayPublish reports whether external_auth lets user run fun on minions.
func (m *Master) mayPublish(user, fun string) bool {
	if fun == "saltutil.find_job" {
		return true
	}
	for _, perm := range m.opts.Users[user].Perms {
		if !strings.HasPrefix(perm, "@") && m.compiled(perm).MatchString(fun) {
			return true
		}
	}
	return false
}

// mayCall reports the same for a runner or wheel.
func (m *Master) mayCall(user, form, fun string) bool {
	module, _, _ := strings.Cut(fun, ".")
	for _, perm := range m.opts.Users[user].Perms {
		if perm == "@"+form || perm == "@"+form+"s" || perm == "@"+module {
			return true
		}
	}
	return false
}

// refusal is the answer to a runner or wheel that may not run. The master makes no difference between one that is
// not permitted and one with wrong credentials.
func (c caller) refusal() msgpack.Raw {
	name := strings.ToUpper(c.kind[:1]) + c.kind[1:] + "AuthenticationError"
	message := `Authentication failure of type "` + c.kind + `" occurred`
	switch {
	case c.kind == "user":
	case c.user == "":
		message += "."
	default:
		message += " for user " + c.user + "."
	}
	return failure(name, message)
}

// compiled matches from the beginning, as Python's re.match. An invalid expression matches nothing.
func (m *Master) compiled(expr string) *regexp.Regexp {
	if re, ok := m.patterns.Load(expr); ok {
		return re.(*regexp.Regexp)
	}
	re, err := regexp.Compile(`\A(?:` + expr + `)`)
	if err != nil {
		re = regexp.MustCompile(`\A\z.`)
	}
	m.patterns.Store(expr, re)
	return re
}
