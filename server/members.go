package server

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// member is one member of a JSON object, its value as it was written.
type member struct {
	name  string
	value json.RawMessage
}

type memberList []member

// get returns a member's value, or nil.
func (l memberList) get(name string) []byte {
	for _, m := range l {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// members takes an object apart in the order of its text.
func members(object []byte) (memberList, error) {
	d := json.NewDecoder(bytes.NewReader(object))
	open, err := d.Token()
	if err != nil {
		return nil, fmt.Errorf("read an object: %w", err)
	}
	if open != json.Delim('{') {
		return nil, fmt.Errorf("read an object: it begins with a %T", open)
	}
	var list memberList
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("read an object: %w", err)
		}
		m := member{name: name.(string)} // the decoder gives nothing else here
		if err := d.Decode(&m.value); err != nil {
			return nil, fmt.Errorf("read an object: %w", err)
		}
		list = append(list, m)
	}
	return list, nil
}
