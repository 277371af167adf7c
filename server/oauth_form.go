package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"unicode/utf8"

	"github.com/saltern-api/saltern/internal/jsonobject"
	"github.com/saltern-api/saltern/server/web"
)

const (
	// maxDoorBody is the largest body, in bytes, that a door reads. A token
	// request has some hundred.
	maxDoorBody = 64 << 10

	// maxParams is how many parameters a request may have.
	maxParams = 64
)

// params are what a client sent. One without a value is as good as absent
// (RFC 6749, section 3.2), so there are no empty values here.
type params map[string]string

// parseForm reads an application/x-www-form-urlencoded body. A parameter that
// comes twice makes the whole request wrong, since another reader of it may
// have looked at the other one.
func parseForm(body []byte) (params, error) {
	if bytes.Count(body, []byte("&")) >= maxParams {
		return nil, errors.New("it has too many parameters")
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, errors.New("it is no form") // the cause may quote a secret
	}
	p := make(params, len(values))
	for name, given := range values {
		if !utf8.ValidString(name) || !utf8.ValidString(given[0]) {
			return nil, errors.New("it is not UTF-8")
		}
		if len(given) > 1 {
			return nil, errors.New("a parameter is given more than once")
		}
		if given[0] != "" {
			p[name] = given[0]
		}
	}
	return p, nil
}

// parseObject reads a JSON object for the strings in it, with the rules of
// parseForm. Members that are no strings are left out: whoever needs one finds
// it missing.
func parseObject(body []byte) (params, error) {
	o, err := jsonobject.Parse(body)
	if err != nil {
		return nil, err
	}
	if len(o) > maxParams {
		return nil, errors.New("it has too many members")
	}
	p := make(params)
	for _, m := range o {
		var text *string
		if json.Unmarshal(m.Value, &text) == nil && text != nil && *text != "" {
			p[m.Name] = *text
		}
	}
	return p, nil
}

// formBody reads what RFC 6749 asks for: a form.
func (d *doors) formBody(x *exchange, r *http.Request) (params, error) {
	if bodyMedia(r.Header) != "application/x-www-form-urlencoded" {
		return nil, invalidRequest("the body has to be application/x-www-form-urlencoded")
	}
	return d.body(x, r, parseForm)
}

// objectBody reads a JSON object.
func (d *doors) objectBody(x *exchange, r *http.Request) (params, error) {
	if bodyMedia(r.Header) != "application/json" {
		return nil, invalidRequest("the body has to be application/json")
	}
	return d.body(x, r, parseObject)
}

func (d *doors) body(x *exchange, r *http.Request, parse func([]byte) (params, error)) (params, error) {
	if err := d.noQuery(r); err != nil {
		return nil, err
	}
	body, err := x.ReadBody(r)
	if err != nil {
		return nil, err
	}
	p, err := parse(body)
	if err != nil {
		return nil, invalidRequest(fmt.Sprintf("the body cannot be used: %v", err))
	}
	return p, nil
}

// secretParams are the parameters that hold a credential.
var secretParams = []string{
	"api_token", "refresh_token", "access_token", "token", "assertion", "device_code", "client_secret", "password", "passcode",
}

// noQuery refuses credentials in the URL, where every proxy writes them into
// its log (RFC 9700, section 4.3.2).
func (d *doors) noQuery(r *http.Request) error {
	if r.URL.RawQuery == "" {
		return nil
	}
	if slices.ContainsFunc(secretParams, r.URL.Query().Has) {
		return invalidRequest("credentials are not taken from the URL")
	}
	return nil
}

// bodyMedia is the media type of a body, without its parameters.
func bodyMedia(h http.Header) string {
	media, _, err := mime.ParseMediaType(web.BodyType(h))
	if err != nil {
		return ""
	}
	return media
}
