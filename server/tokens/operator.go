package tokens

import (
	"fmt"
	"io"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/server/web"
)

// OperatorHandler is the API for the operator on the gateway's host, which allows
// everything. It does not authenticate: the listener has to keep others out.
func OperatorHandler(tokens Tokens) http.Handler {
	r := chi.NewRouter()
	(&native{tokens}).routes(func(method, pattern string, h handler, body bool) {
		r.Method(method, pattern, operated(h, body))
	})
	r.NotFound(func(w http.ResponseWriter, _ *http.Request) {
		operatorError(w, http.StatusNotFound, "There is no such path")
	})
	r.MethodNotAllowed(func(w http.ResponseWriter, _ *http.Request) {
		operatorError(w, http.StatusMethodNotAllowed, "Specified method is invalid for this resource")
	})
	return r
}

// operated turns a handler into an http.HandlerFunc.
func operated(h handler, body bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		c := &call{Context: r.Context(), Request: r, caller: issuer.Caller{
			Operator: true, From: issuer.Origin{Agent: r.UserAgent()},
		}}
		if body {
			text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
			if err == nil {
				c.body, err = readObject(text)
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
		operatorWrite(w, a.status, web.JSON(a.value))
	}
}

// operatorFailed writes an error. The operator sees the cause of any.
func operatorFailed(w http.ResponseWriter, err error) {
	e := web.ErrorOf(err)
	if e.Status >= http.StatusInternalServerError {
		e.Text = err.Error()
	}
	web.SetRetryAfter(w.Header(), e.Status, e.RetryAfter)
	operatorError(w, e.Status, e.Text)
}

func operatorError(w http.ResponseWriter, status int, text string) {
	operatorWrite(w, status, fmt.Appendf(nil, `{"status": %d, "return": %s}`, status, web.JSONText(text)))
}

func operatorWrite(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that is gone needs no response
}
