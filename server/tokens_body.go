package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
)

// nativeMembers reads a body of /v1: one object, in which no name stands twice.
// Names are taken as they are written, unlike in package json. The error is
// for the client.
func nativeMembers(body []byte) (memberList, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	if !utf8.Valid(body) || !json.Valid(body) {
		return nil, errors.New("The body is not valid JSON") //nolint:staticcheck // it is a sentence for the client
	}
	list, err := members(body)
	if err != nil {
		return nil, errors.New("The body has to be an object") //nolint:staticcheck // likewise
	}
	seen := make(map[string]bool, len(list))
	for _, m := range list {
		if seen[m.name] {
			return nil, fmt.Errorf("The key %.80q stands there twice", m.name) //nolint:staticcheck // likewise
		}
		seen[m.name] = true
	}
	return list, nil
}

// take reads members into places, by their names. A name without a place is an
// [issuer.ErrInvalid], as a slip in it would otherwise change what is meant.
// What is null is not given.
func (l memberList) take(places map[string]any) error {
	for _, m := range l {
		place, ok := places[m.name]
		if !ok {
			return fmt.Errorf("%w: there is no key %.80q", issuer.ErrInvalid, m.name)
		}
		if string(m.value) == "null" {
			continue
		}
		if err := json.Unmarshal(m.value, place); err != nil {
			return fmt.Errorf("%w: %s: %s", issuer.ErrInvalid, m.name, jsonComplaint(err))
		}
	}
	return nil
}

// jsonComplaint is what package json says, without names of Go types.
func jsonComplaint(err error) string {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return "a " + e.Value + " cannot stand there"
	}
	return err.Error()
}
