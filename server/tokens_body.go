package server

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/internal/jsonobject"
)

// nativeObject reads a body of /v1: one object, or nothing. The error is for the
// client.
func nativeObject(body []byte) (jsonobject.Object, error) {
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

// decodeInto reads an object into places. Errors are [issuer.ErrInvalid].
func decodeInto(o jsonobject.Object, places map[string]any) error {
	if err := o.Decode(places); err != nil {
		return fmt.Errorf("%w: %w", issuer.ErrInvalid, err)
	}
	return nil
}
