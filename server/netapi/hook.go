package netapi

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/web"
)

// Hooks fires events on the master's bus. *eventbus.Firer is one. The errors
// are those of its Fire.
type Hooks interface {
	Fire(ctx context.Context, tag string, data msgpack.Raw) error
}

var _ Hooks = (*eventbus.Firer)(nil)

// hookTag is the prefix of the tags of all hooks, whatever webhook_url is.
const hookTag = "salt/netapi/hook"

// manySlashes are replaced by one, as in salt-api.
var manySlashes = regexp.MustCompile(`/+`)

// hook answers POST /hook[/...]: the request is fired as an event. The response
// is sent when the event has been seen on the bus.
func (s *CherryPy) hook(x *web.Exchange, r *http.Request) error {
	if !s.WebhookDisableAuth {
		_, _, release, err := s.authorize(x, r)
		if err != nil {
			return err
		}
		defer release()
	}
	body, err := x.ReadText(r)
	if err != nil {
		return err
	}
	post, err := s.decode(x, r, body)
	if err != nil {
		return err
	}
	if !utf8.Valid(body) {
		return &web.Error{Status: http.StatusBadRequest, Reason: "malformed", Text: "The request body is not UTF-8"}
	}
	tag := hookTag + manySlashes.ReplaceAllString("/"+web.Param(r, "*"), "/")
	tag = strings.TrimSuffix(tag, "/")
	audit.Of(x).Note(audit.Entry{Event: audit.Hook, Subject: tag})
	if s.Hooks == nil {
		return notFired(eventbus.ErrUnavailable)
	}
	if err := s.Hooks.Fire(r.Context(), tag, hookData(x, r, body, post)); err != nil {
		return notFired(err)
	}
	x.WriteJSON(http.StatusOK, []byte(`{"success": true}`))
	return nil
}

// notFired returns the response to an error of firing an event.
func notFired(err error) error {
	switch {
	case errors.Is(err, eventbus.ErrMalformed):
		return &web.Error{Status: http.StatusBadRequest, Text: "The path cannot be part of an event's tag", Err: err}
	case errors.Is(err, eventbus.ErrTooLarge):
		return &web.Error{Status: http.StatusRequestEntityTooLarge, Reason: "too_large",
			Text: "The event is larger than max_event_size allows", Err: err}
	case errors.Is(err, eventbus.ErrUnavailable):
		return &web.Error{Status: http.StatusServiceUnavailable, Text: "Salt Master is not available.", Err: err}
	case errors.Is(err, eventbus.ErrNotConfirmed):
		return &web.Error{Status: http.StatusServiceUnavailable,
			Text: "The event was sent to the Salt Master and has not been seen on its bus", Err: err}
	}
	return err
}

// hookData returns the event's data: the body as received, its decoded value,
// and the headers.
func hookData(x *web.Exchange, r *http.Request, body []byte, post msgpack.Raw) msgpack.Raw {
	b := make([]byte, 0, len(body)+len(post)+2<<10)
	b = msgpack.AppendMap(b, 3)
	b = msgpack.AppendString(b, "body")
	b = msgpack.AppendString(b, body)
	b = msgpack.AppendString(b, "post")
	if isEmpty(post) {
		b = msgpack.AppendMap(b, 0)
	} else {
		b = append(b, post...)
	}
	b = msgpack.AppendString(b, "headers")
	return appendHeaders(b, x, r)
}

// isEmpty reports whether Python takes the value for false: salt-api then has
// {} instead.
func isEmpty(v msgpack.Raw) bool {
	switch v.Kind() {
	case msgpack.Map, msgpack.Array:
		return v.Len() == 0
	case msgpack.Str, msgpack.Bin:
		s, _ := v.Str()
		return s == ""
	case msgpack.Bool:
		yes, _ := v.Bool()
		return !yes
	case msgpack.Int, msgpack.Float:
		n, _ := v.Float()
		return n == 0
	case msgpack.Ext:
		return false
	case msgpack.Nil, msgpack.Invalid:
	}
	return true
}

// appendHeaders appends the request's headers as CherryPy names them, with the
// client's address, and without those that hold credentials: everything on the
// bus can read them.
func appendHeaders(b []byte, x *web.Exchange, r *http.Request) []byte {
	headers := map[string]string{
		"Host":        r.Host,
		"Remote-Addr": x.RemoteText(r),
	}
	for name, values := range r.Header {
		if !isCredentialHeader(name) {
			headers[titled(name)] = strings.Join(values, ", ")
		}
	}
	names := make([]string, 0, len(headers))
	for name := range headers {
		names = append(names, name)
	}
	slices.Sort(names)
	b = msgpack.AppendMap(b, len(names))
	for _, name := range names {
		b = msgpack.AppendString(b, name)
		b = msgpack.AppendString(b, strings.ToValidUTF8(headers[name], "\uFFFD"))
	}
	return b
}

// isCredentialHeader reports whether a header, in Go's form, holds a credential
// for the gateway or for a proxy in front of it.
func isCredentialHeader(name string) bool {
	switch name {
	case "X-Auth-Token", "Cookie", "Authorization", "Proxy-Authorization", "X-Csrf-Token", "X-Csrftoken",
		"Csp-Auth-Token", "X-Vmware-Vcloud-Access-Token": // of clients of Cloud Services and Cloud Director
		return true
	}
	return strings.HasPrefix(name, "X-Xsrf")
}

// titled returns a name in the form of Python's str.title: each letter that no
// letter precedes is a capital.
func titled(name string) string {
	before := ' '
	return strings.Map(func(r rune) rune {
		capital := !unicode.IsLetter(before)
		before = r
		if capital {
			return unicode.ToUpper(r)
		}
		return unicode.ToLower(r)
	}, name)
}
