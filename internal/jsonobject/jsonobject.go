package jsonobject

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Member is one member of an object, with its value undecoded.
type Member struct {
	Name  string
	Value json.RawMessage
}

// Object is the members of an object in the order of the text.
type Object []Member

// The errors of [Parse]. They quote nothing of the text.
var (
	ErrSyntax    = errors.New("not valid JSON in UTF-8")
	ErrNotObject = errors.New("not a JSON object")
)

// DuplicateError is returned for an object with two members of a name.
type DuplicateError struct{ Name string }

// Error returns a text with the name.
func (e *DuplicateError) Error() string {
	return fmt.Sprintf("the key %.80q stands there twice", e.Name)
}

// Parse returns the members of an object. Its errors are [ErrSyntax],
// [ErrNotObject] and [DuplicateError].
func Parse(text []byte) (Object, error) {
	if !utf8.Valid(text) || !json.Valid(text) {
		return nil, ErrSyntax
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, ErrNotObject
	}
	var o Object
	seen := make(map[string]bool)
	for d.More() {
		token, err := d.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return nil, ErrSyntax
		}
		m := Member{Name: name}
		if err := d.Decode(&m.Value); err != nil {
			return nil, ErrSyntax
		}
		if seen[name] {
			return nil, &DuplicateError{name}
		}
		seen[name] = true
		o = append(o, m)
	}
	return o, nil
}

// Get returns the value of a member, or nil.
func (o Object) Get(name string) []byte {
	for _, m := range o {
		if m.Name == name {
			return m.Value
		}
	}
	return nil
}

// Decode decodes members into places, by their names. A name without a place is
// an error, since a misspelled name would otherwise change the meaning. A null
// member counts as absent. Errors are for the author of the object: they
// contain the name, and no names of Go types.
func (o Object) Decode(places map[string]any) error {
	for _, m := range o {
		place, ok := places[m.Name]
		if !ok {
			return fmt.Errorf("there is no key %.80q", m.Name)
		}
		if string(m.Value) == "null" {
			continue
		}
		if err := json.Unmarshal(m.Value, place); err != nil {
			return fmt.Errorf("%s: %s", m.Name, complaint(err))
		}
	}
	return nil
}

func complaint(err error) string {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return "a " + e.Value + " cannot stand there"
	}
	return err.Error()
}
