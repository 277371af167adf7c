package server

import (
	"fmt"
	"io"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/server/web"
)

// OperatorHandler is the API for tokens, roles and service accounts for who is
// on the gateway's host, and may do everything. It asks nobody who he is: what
// it is served on has to keep others away.
func OperatorHandler(tokens Tokens) http.Handler {
	r := chi.NewRouter()
	(&native{tokens}).routes(r, operated)
	r.NotFound(func(w http.ResponseWriter, _ *http.Request) {
		operatorError(w, http.StatusNotFound, "There is no such path")
	})
	r.MethodNotAllowed(func(w http.ResponseWriter, _ *http.Request) {
		operatorError(w, http.StatusMethodNotAllowed, "Specified method is invalid for this resource")
	})
	return r
}

// operated makes a handler one of net/http's.
func operated(h nativeHandler, body bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		c := &nativeCall{Context: r.Context(), Request: r, caller: issuer.Caller{
			Operator: true, From: issuer.Origin{Agent: r.UserAgent()},
		}}
		if body {
			text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxNativeBody))
			if err == nil {
				c.body, err = nativeObject(text)
			}
			if err != nil {
				operatorError(w, http.StatusBadRequest, err.Error())
				return
			}
		}
		a, err := h(c)
		if err != nil {
			operatorFailed(w, err)
			return
		}
		if a.value == nil {
			w.WriteHeader(a.status)
			return
		}
		operatorWrite(w, a.status, compact(a.value))
	}
}

// operatorFailed answers an error. The operator sees the cause of any.
func operatorFailed(w http.ResponseWriter, err error) {
	e := web.ErrorOf(err)
	if e.Status >= http.StatusInternalServerError {
		e.Text = err.Error()
	}
	web.SetRetryAfter(w.Header(), e.Status, e.RetryAfter)
	operatorError(w, e.Status, e.Text)
}

func operatorError(w http.ResponseWriter, status int, text string) {
	operatorWrite(w, status, fmt.Appendf(nil, `{"status": %d, "return": %s}`, status, jsonText(text)))
}

func operatorWrite(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has gone needs no answer
}
