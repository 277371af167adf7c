package eventstream

import (
	"errors"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/internal/credname"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Redacted stands in place of every value that could be used to act as another user.
const Redacted = "REDACTED"

// secret is a kind of event in which a credential may stand, and where.
type secret struct {
	prefix, suffix, within string   // of the tag; a suffix follows one part behind the prefix
	fun                    string   // when not empty, what data's fun begins with
	whole                  []string // fields of the data that are replaced as they are
	fields                 []string // where keys are looked for at any depth; none is everywhere
	keys                   func(key string) bool
	assigned               bool   // whether text such as name=value counts as well
	same                   string // a field that has the same as the others in another form, and is replaced with them
}

// secrets is where Salt puts credentials on its bus.
var secrets = []secret{
	{ // The load of a refused publication, with the token, the password or the master's own key in it.
		prefix: "salt/job/", suffix: "/error", keys: credname.IsInSalt,
	},
	{ // Runners and wheels are called with credentials beside their arguments, and some of them return private keys.
		prefix: "salt/run/", fields: []string{"fun_args"}, keys: credname.IsInSalt,
	},
	{prefix: "salt/wheel/", keys: credname.IsInSalt},
	{ // auth.mk_token is given a password and returns a token; auth.del_token is given one.
		prefix: "salt/run/", fun: "runner.auth.", whole: []string{"fun_args", "return"},
	},
	{ // The runner "reactor" authenticates with the master's key.
		within: "salt/reactors/manage/", whole: []string{"key"},
	},
	{ // Webhooks: of another salt-api with the session of the caller, and of any with what the caller sent. The
		// reactor still gets all of it.
		prefix: "salt/netapi/", fields: []string{"headers"}, keys: credname.Is,
	},
	{
		prefix: "salt/netapi/", fields: []string{"post"}, keys: credname.Is, assigned: true, same: "body",
	},
	{ // These grains are what gets a minion's key accepted.
		prefix: "salt/auth", whole: []string{"autosign_grains"}, keys: credname.IsInSalt,
	},
	{ // How a new machine is logged in to.
		prefix: "salt/cloud/", keys: credname.IsInSalt,
	},
}

// redacted returns an event's data without its credentials; most events have none and are returned as they are.
func redacted(tag string, data msgpack.Raw) (msgpack.Raw, error) {
	tag = ownTag(tag)
	for i := range secrets {
		s := &secrets[i]
		if !s.mayBeIn(tag, data) {
			continue
		}
		clean, hidden, err := s.redact(data)
		if err == nil && hidden && s.same != "" {
			whole := secret{whole: []string{s.same}}
			clean, _, err = whole.redact(clean)
		}
		if err != nil {
			return nil, err
		}
		data = clean
	}
	return data, nil
}

// redact copies an event's data without what is secret in it, and reports whether there was anything.
func (s *secret) redact(data msgpack.Raw) (clean msgpack.Raw, hidden bool, err error) {
	w := redactor{secret: s, out: make([]byte, 0, len(data))}
	r := msgpack.NewReader(data)
	if err := w.top(&r); err != nil {
		return nil, false, err
	}
	return append(w.out, r.Rest()...), w.hidden, nil // what does not belong there is found when it becomes JSON
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
	hidden bool // whether anything was
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
	return w.scalar(r)
}

// scalar copies a value that has no others in it.
func (w *redactor) scalar(r *msgpack.Reader) error {
	kind := r.Kind()
	v, err := r.Raw()
	if err == nil && w.secret.assigned && (kind == msgpack.Str || kind == msgpack.Bin) {
		if s, _ := v.Str(); assigns(s) {
			w.out, w.hidden = msgpack.AppendString(w.out, Redacted), true
			return nil
		}
	}
	w.out = append(w.out, v...)
	return err
}

// assigns reports whether a text has a credential in it in the form name=value, as forms and command lines do.
func assigns(text string) bool {
	for part := range strings.FieldsFuncSeq(text, func(c rune) bool { return c <= ' ' || c == '&' || c == ';' || c == ',' }) {
		if _, ok := credname.Assigned(part); ok {
			return true
		}
	}
	return false
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
	w.out, w.hidden = msgpack.AppendString(w.out, Redacted), true
	return r.Skip()
}
