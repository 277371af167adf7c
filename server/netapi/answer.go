package netapi

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/web"
)

// This file alone turns results and errors into responses. JSON is written with
// Python's separators, as salt-api's is.

// WriteError writes {"status": number, "return": text}, where salt-api sends an
// HTML page. It is rest_cherrypy's [web.ErrorWriter].
func WriteError(x *web.Exchange, _ *http.Request, e *web.Error) {
	setChallenge(x, e)
	writeText(x, e.Status, e.Text)
}

// WriteWSGIError writes {"return": text}. Errors of the HTTP layer have the
// status before the text, as upstream's have. It is rest_wsgi's
// [web.ErrorWriter].
func WriteWSGIError(x *web.Exchange, _ *http.Request, e *web.Error) {
	setChallenge(x, e)
	text := e.Text
	if _, own := errors.AsType[*web.Error](x.Err); own {
		text = fmt.Sprintf("%d: %s", e.Status, e.Text)
	}
	x.WriteJSON(e.Status, []byte(`{"return": `+web.JSONText(text)+`}`))
}

// setChallenge sets WWW-Authenticate to salt-api's scheme, unless the error has
// another one. Browsers show no password dialog for it.
func setChallenge(x *web.Exchange, e *web.Error) {
	if e.Status == http.StatusUnauthorized || e.Challenge != "" {
		x.Header().Set("Www-Authenticate", cmp.Or(e.Challenge, "Session"))
	}
}

func writeText(x *web.Exchange, status int, text string) {
	x.WriteJSON(status, fmt.Appendf(nil, `{"status": %d, "return": %s}`, status, web.JSONText(text)))
}

// NotFound writes the response where rest_cherrypy sends an HTML page. It
// returns no error, since its text would be logged: a wrong path may contain a
// token.
func NotFound(x *web.Exchange, r *http.Request) error {
	writeText(x, http.StatusNotFound, web.NotFoundText(r))
	return nil
}

// NotAllowed handles requests with a method that a path does not have.
func NotAllowed(m *web.Mux) web.Handler {
	return func(x *web.Exchange, r *http.Request) error {
		allowed := m.Allowed(r)
		if len(allowed) == 0 {
			return NotFound(x, r)
		}
		return &web.Error{Status: http.StatusMethodNotAllowed, Allow: strings.Join(allowed, ", "),
			Text: "Specified method is invalid for this resource"}
	}
}

// locate sets Location to the record of the job that a request has started, if it
// has started one and no more.
func (s *Calls) locate(x *web.Exchange, answers []lowstate.Answer) {
	if s.JobURL == nil {
		return
	}
	started := ""
	for _, a := range answers {
		jid := ""
		switch a := a.(type) {
		case lowstate.Published:
			jid = a.JID
		case lowstate.Started:
			jid = a.JID
		}
		if jid != "" && started != "" {
			return
		}
		started = cmp.Or(jid, started)
	}
	if started != "" {
		x.Header().Set("Location", s.JobURL(started))
	}
}

// The text around and between answers.
const (
	answersHead  = `{"return": [`
	answersComma = `, `
	answersTail  = `]}`
)

// writeAnswers writes the chunks' answers. An error is that of the spool, before
// the response has begun.
func writeAnswers(x *web.Exchange, answers []lowstate.Answer) error {
	parts := []spool.Section{}
	text := func(s string) error {
		mark := x.Spool.Size()
		_, err := x.Spool.WriteString(s)
		parts = append(parts, x.Spool.Since(mark))
		return err
	}
	_ = text(answersHead) // an error stays
	for i, a := range answers {
		if i > 0 {
			_ = text(answersComma)
		}
		part, err := lowstate.Put(x.Spool, a)
		if err != nil {
			return err
		}
		parts = append(parts, part)
	}
	if err := text(answersTail); err != nil {
		return err
	}
	return x.WriteSpooled(http.StatusOK, parts...)
}
