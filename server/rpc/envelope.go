package rpc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"

	"github.com/saltern-api/saltern/internal/jsonobject"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/web"
)

// envelope is the answer to a call.
type envelope struct {
	RIQ      json.RawMessage    `json:"riq"` // null if it is not known
	Ret      json.RawMessage    `json:"ret"`
	Error    *method.ShownError `json:"error"`
	Warnings []string           `json:"warnings"`
}

const (
	// maxBody is the maximum size of a request, in bytes: of some calls with long
	// arguments, or of one that saves a file.
	maxBody = 16 << 20

	// maxRIQ bounds what is echoed, in bytes.
	maxRIQ = 128
)

// request is a call before its method is known.
type request struct {
	riq      json.RawMessage
	resource string
	method   string
	args     []json.RawMessage
	kwarg    jsonobject.Object
	err      *method.Error // what is wrong with it
}

// parse returns the calls of a body, and whether they are in a list. What is wrong
// with one of a list is in the call itself.
func parse(body []byte, most int) (calls []request, list bool, err error) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 || body[0] != '[' {
		c := parseCall(body)
		if c.err != nil && c.riq == nil {
			return nil, false, c.err
		}
		return []request{c.withRIQ()}, false, nil
	}
	var each []json.RawMessage
	if err := json.Unmarshal(body, &each); err != nil {
		return nil, false, invalidCall("the body is not valid JSON")
	}
	if len(each) > most {
		return nil, false, invalidCall(fmt.Sprintf("%d calls are more than the %d that are taken at once", len(each), most))
	}
	calls = make([]request, len(each))
	for i, text := range each {
		calls[i] = parseCall(text).withRIQ()
	}
	return calls, true, nil
}

// withRIQ makes a request id for a call without one.
func (c request) withRIQ() request {
	if c.riq == nil {
		c.riq = strconv.AppendInt(nil, 1+rand.Int64N(1<<47), 10)
	}
	return c
}

// parseCall reads one call. Members that it does not know are ignored: programs send
// some of their own.
func parseCall(text []byte) (c request) {
	o, err := jsonobject.Parse(text)
	if err != nil {
		c.err = invalidCall("a call is a JSON object: " + err.Error())
		return c
	}
	if c.riq, err = parseRIQ(o.Get("riq")); err != nil {
		c.err = invalidCall(err.Error())
		return c
	}
	for name, to := range map[string]*string{"resource": &c.resource, "method": &c.method} {
		if json.Unmarshal(o.Get(name), to) != nil || *to == "" {
			c.err = invalidCall("a call has a resource and a method, which are texts")
			return c
		}
	}
	if err := c.parseArguments(o); err != nil {
		c.err = err
	}
	return c
}

// parseRIQ returns a request id to be echoed: a number or a text, or nil for none.
func parseRIQ(v []byte) (json.RawMessage, error) {
	switch {
	case len(v) == 0, string(v) == "null":
		return nil, nil
	case len(v) > maxRIQ, v[0] == '{', v[0] == '[', v[0] == 't', v[0] == 'f':
		return nil, fmt.Errorf("riq is a number or a text of up to %d bytes", maxRIQ)
	}
	return v, nil
}

func (c *request) parseArguments(o jsonobject.Object) *method.Error {
	for _, name := range []string{"arg", "args"} {
		v := o.Get(name)
		if method.IsNull(v) {
			continue
		}
		var args []json.RawMessage
		if json.Unmarshal(v, &args) != nil {
			return invalidCall(name + " is a list")
		}
		if len(args) > 0 && len(c.args) > 0 {
			return invalidCall("arg and args are the same: one of them is enough")
		}
		c.args = append(c.args, args...)
	}
	if v := o.Get("kwarg"); !method.IsNull(v) {
		var err error
		if c.kwarg, err = jsonobject.Parse(v); err != nil {
			return invalidCall("kwarg: " + err.Error())
		}
	}
	return nil
}

func invalidCall(message string) *method.Error {
	return &method.Error{Code: method.CodeInvalidCall, Message: message}
}

// writeError writes what is wrong with a request, with the request's status.
func writeError(x *web.Exchange, _ *http.Request, e *web.Error) {
	text := e.Text
	if e.Status == http.StatusUnauthorized {
		text = "There is no credential, or it is not valid"
		if e.Text == web.TextIdle {
			text = e.Text
		}
	}
	shown := (&method.Error{Code: method.CodeOf(e.Status), Message: text, RetryAfter: e.RetryAfter}).Shown()
	x.WriteBody("application/json", e.Status, web.JSON(envelope{Error: &shown, Warnings: []string{}}))
}
