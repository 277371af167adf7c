package tokens

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/internal/jsonobject"
	"github.com/saltern-api/saltern/server/web"
)

// readObject parses a body of /v1: one object, or nothing. The error is for the
// client.
func readObject(body []byte) (jsonobject.Object, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	o, err := jsonobject.Parse(body)
	if e, ok := errors.AsType[*jsonobject.DuplicateError](err); ok {
		return nil, fmt.Errorf("The key %.80q stands there twice", e.Name) //nolint:staticcheck // it is a sentence for the client
	}
	switch {
	case errors.Is(err, jsonobject.ErrNotObject):
		return nil, errors.New("The body has to be an object") //nolint:staticcheck // likewise
	case err != nil:
		return nil, errors.New("The body is not valid JSON") //nolint:staticcheck // likewise
	}
	return o, nil
}

// decode decodes the members of an object into places. Errors are
// [issuer.Invalid].
func decode(o jsonobject.Object, places map[string]any) error {
	if err := o.Decode(places); err != nil {
		return issuer.Errorf(issuer.Invalid, "%w", err)
	}
	return nil
}

// maxBody, in bytes, is more than any body of /v1 needs, except for a role with
// many rules.
const maxBody = 64 << 10

func readBody(x *web.Exchange, r *http.Request) (jsonobject.Object, error) {
	if r.ContentLength != 0 && !web.IsJSON(r.Header) {
		return nil, &web.Error{Status: http.StatusUnsupportedMediaType, Reason: "type", Close: true,
			Text: "The body has to be application/json"}
	}
	body, err := x.ReadBody(r)
	if err != nil {
		return nil, err
	}
	o, err := readObject(body)
	if err != nil {
		return nil, &web.Error{Status: http.StatusBadRequest, Reason: "malformed", Text: err.Error()}
	}
	return o, nil
}
