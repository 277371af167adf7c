package eventstream

import (
	"errors"
	"slices"
	"strings"

	"saltern/saltmaster/msgpack"
)

// Redacted stands in place of every value that could be used to act as somebody.
const Redacted = "REDACTED"

// secret is a kind of event in which a credential may stand, and where.
type secret struct {
	prefix, suffix, within string   // of the tag; a suffix follows one part behind the prefix
	fun                    string   // when not empty, what data's fun begins with
	whole                  []string // fields of the data that are replaced as they are
	fields                 []string // where keys are looked for at any depth; none is everywhere
	keys                   func(key string) bool
}

// secrets is where Salt puts credentials on its bus.
var secrets = []secret{
	{ // The load of a refused publication, with the token, the password or the master's own key in it.
		prefix: "salt/job/", suffix: "/error", keys: isCredential,
	},
	{ // Runners and wheels are called with credentials beside their arguments, and some of them return private keys.
		prefix: "salt/run/", fields: []string{"fun_args"}, keys: isCredential,
	},
	{prefix: "salt/wheel/", keys: isCredential},
	{ // auth.mk_token is given a password and returns a token; auth.del_token is given one.
		prefix: "salt/run/", fun: "runner.auth.", whole: []string{"fun_args", "return"},
	},
	{ // The runner "reactor" proves by the master's key who it is.
		within: "salt/reactors/manage/", whole: []string{"key"},
	},
	{ // Another salt-api's webhooks, with the session of whoever called.
		prefix: "salt/netapi/", fields: []string{"headers"}, keys: isCredentialHeader,
	},
	{ // These grains are what gets a minion's key accepted.
		prefix: "salt/auth", whole: []string{"autosign_grains"}, keys: isCredential,
	},
	{ // How a new machine is logged in to.
		prefix: "salt/cloud/", keys: isCredential,
	},
}

// isCredential tells whether a key of Salt's is the name of a credential.
func isCredential(key string) bool {
	switch strings.ToLower(key) {
	case "token", "password", "passwd", "key", "auth_list", "sharedsecret", "priv", "private_key", "minion_pem",
		"ssh_password", "sudo_password", "win_password", "apikey", "api_key", "secret":
		return true
	}
	return false
}

// isCredentialHeader tells whether a header carries something that somebody could be taken for. It is generous: the
// reactor still gets the header itself.
func isCredentialHeader(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(
		[]string{"token", "cookie", "authorization", "xsrf", "csrf", "secret", "password", "api-key", "apikey"},
		func(part string) bool { return strings.Contains(name, part) })
}

// redacted returns an event's data without its credentials; most events have none and are returned as they are.
func redacted(tag string, data msgpack.Raw) (msgpack.Raw, error) {
	tag = ownTag(tag)
	for i := range secrets {
		s := &secrets[i]
		if !s.mayBeIn(tag, data) {
			continue
		}
		w := redactor{secret: s, out: make([]byte, 0, len(data))}
		r := msgpack.NewReader(data)
		if err := w.top(&r); err != nil {
			return nil, err
		}
		data = append(w.out, r.Rest()...) // what does not belong there is found when it becomes JSON
	}
	return data, nil
}

// ownTag takes off what a master of masters puts before the tags of its syndics.
func ownTag(tag string) string {
	for {
		rest, ok := strings.CutPrefix(tag, "syndic/")
		if !ok {
			return tag
		}
		_, rest, ok = strings.Cut(rest, "/")
		if !ok {
			return tag
		}
		tag = rest
	}
}

func (s *secret) mayBeIn(tag string, data msgpack.Raw) bool {
	rest, ok := strings.CutPrefix(tag, s.prefix)
	if !ok || !strings.Contains(tag, s.within) {
		return false
	}
	if part, ok := strings.CutSuffix(rest, s.suffix); !ok || s.suffix != "" && strings.Contains(part, "/") {
		return false
	}
	if s.fun == "" {
		return true
	}
	v, _ := data.Lookup("fun")
	fun, _ := v.Str()
	return strings.HasPrefix(fun, s.fun)
}

// maxRedactedDepth is how deep an event may nest in which credentials are looked for. A deeper one is not shown.
const maxRedactedDepth = 64

var errTooDeep = errors.New("nested too deep to look for credentials")

// redactor copies data in one pass.
type redactor struct {
	secret *secret
	out    []byte
}

// top copies the data itself.
func (w *redactor) top(r *msgpack.Reader) error {
	if r.Kind() != msgpack.Map {
		return w.value(r, 0)
	}
	return w.entries(r, 0, func(key string) error {
		s := w.secret
		switch {
		case slices.Contains(s.whole, key):
			return w.hide(r)
		case s.keys == nil, len(s.fields) > 0 && !slices.Contains(s.fields, key):
			return w.copy(r)
		case len(s.fields) == 0 && s.keys(key):
			return w.hide(r)
		}
		return w.value(r, 1)
	})
}

func (w *redactor) value(r *msgpack.Reader, depth int) error {
	if depth > maxRedactedDepth {
		return errTooDeep
	}
	kind := r.Kind()
	switch {
	case kind == msgpack.Map && w.secret.keys != nil:
		return w.entries(r, depth, func(key string) error {
			if w.secret.keys(key) {
				return w.hide(r)
			}
			return w.value(r, depth+1)
		})
	case kind == msgpack.Array:
		n, err := r.ArrayLen()
		if err != nil {
			return err
		}
		w.out = msgpack.AppendArray(w.out, n)
		for range n {
			if err := w.value(r, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	return w.copy(r)
}

// entries copies a map's keys and has f do so with each value. A key that is a
// container is treated as a value, and has no name.
func (w *redactor) entries(r *msgpack.Reader, depth int, f func(key string) error) error {
	n, err := r.MapLen()
	if err != nil {
		return err
	}
	w.out = msgpack.AppendMap(w.out, n)
	for range n {
		if kind := r.Kind(); kind == msgpack.Array || kind == msgpack.Map {
			if err := w.value(r, depth+1); err != nil {
				return err
			}
			if err := f(""); err != nil {
				return err
			}
			continue
		}
		key, err := r.Raw()
		if err != nil {
			return err
		}
		w.out = append(w.out, key...)
		name, _ := key.Str()
		if err := f(name); err != nil {
			return err
		}
	}
	return nil
}

func (w *redactor) copy(r *msgpack.Reader) error {
	v, err := r.Raw()
	w.out = append(w.out, v...)
	return err
}

func (w *redactor) hide(r *msgpack.Reader) error {
	w.out = msgpack.AppendString(w.out, Redacted)
	return r.Skip()
}
