package tokenapi

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
	// MaxBody is the maximum size of a body, in bytes. A token request has a
	// few hundred.
	MaxBody = 64 << 10

	// maxParams is the maximum number of parameters of a request.
	maxParams = 64
)

// Params are the parameters of a request. One without a value counts as absent
// (RFC 6749, section 3.2), so no value is empty.
type Params map[string]string

// ParseForm parses an application/x-www-form-urlencoded body. A repeated
// parameter makes the whole request invalid, since another reader of it may
// have used the other value.
func ParseForm(body []byte) (Params, error) {
	if bytes.Count(body, []byte("&")) >= maxParams {
		return nil, errors.New("it has too many parameters")
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, errors.New("it is no form") // the cause may quote a secret
	}
	p := make(Params, len(values))
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

// parseObject returns the strings of a JSON object, with the rules of
// ParseForm. Other members are ignored.
func parseObject(body []byte) (Params, error) {
	o, err := jsonobject.Parse(body)
	if _, ok := errors.AsType[*jsonobject.DuplicateError](err); ok {
		return nil, errors.New("a member is given more than once") // its name may be a secret
	}
	if err != nil {
		return nil, err
	}
	if len(o) > maxParams {
		return nil, errors.New("it has too many members")
	}
	p := make(Params)
	for _, m := range o {
		var text *string
		if json.Unmarshal(m.Value, &text) == nil && text != nil && *text != "" {
			p[m.Name] = *text
		}
	}
	return p, nil
}

// Form reads a form, as RFC 6749 requires.
func Form(x *web.Exchange, r *http.Request) (Params, error) {
	if BodyMedia(r.Header) != "application/x-www-form-urlencoded" {
		return nil, InvalidRequest("the body has to be application/x-www-form-urlencoded")
	}
	return read(x, r, ParseForm)
}

// Object reads a JSON object.
func Object(x *web.Exchange, r *http.Request) (Params, error) {
	if BodyMedia(r.Header) != "application/json" {
		return nil, InvalidRequest("the body has to be application/json")
	}
	return read(x, r, parseObject)
}

func read(x *web.Exchange, r *http.Request, parse func([]byte) (Params, error)) (Params, error) {
	if err := RefuseQuery(r); err != nil {
		return nil, err
	}
	body, err := x.ReadBody(r)
	if err != nil {
		return nil, err
	}
	p, err := parse(body)
	if err != nil {
		return nil, InvalidRequest(fmt.Sprintf("the body cannot be used: %v", err))
	}
	return p, nil
}

// secretParams are the parameters that hold a credential.
var secretParams = []string{
	"api_token", "refresh_token", "access_token", "token", "assertion", "device_code", "client_secret", "password", "passcode",
}

// RefuseQuery refuses credentials in the URL, which proxies write into their
// logs (RFC 9700, section 4.3.2).
func RefuseQuery(r *http.Request) error {
	if r.URL.RawQuery == "" {
		return nil
	}
	if slices.ContainsFunc(secretParams, r.URL.Query().Has) {
		return InvalidRequest("credentials are not taken from the URL")
	}
	return nil
}

// BodyMedia returns the media type of a body, without its parameters.
func BodyMedia(h http.Header) string {
	media, _, err := mime.ParseMediaType(web.BodyType(h))
	if err != nil {
		return ""
	}
	return media
}
