package saved

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/saltern-api/saltern/internal/jsonobject"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/web"
)

// jobArguments returns the arguments of a job in their usual form.
func jobArguments(given method.Object) (json.RawMessage, error) {
	fields, err := method.Arguments(given)
	if err != nil {
		return nil, err
	}
	arg, kwarg := json.RawMessage("[]"), json.RawMessage("{}")
	for _, f := range fields {
		var b bytes.Buffer
		if err := json.Compact(&b, f.Value); err != nil {
			return nil, method.InvalidParameter("arg", "it is not valid JSON")
		}
		if f.Key == "arg" {
			arg = b.Bytes()
		} else {
			kwarg = b.Bytes()
		}
	}
	if _, err := FillInputs(kwarg, nil, true); err != nil {
		return nil, err
	}
	return json.RawMessage(`{"arg":` + string(arg) + `,"kwarg":` + string(kwarg) + `}`), nil
}

// input is the definition of an argument that is given when a job is run.
type input struct {
	Type     string          `json:"input_type"`
	Select   []any           `json:"select"`
	Default  json.RawMessage `json:"default"`
	Required bool            `json:"required"`
	Hidden   bool            `json:"hidden"`
}

// isInput reports whether a value is the definition of an input.
func isInput(v []byte) (in input, ok bool, err error) {
	o, wrong := jsonobject.Parse(v)
	if wrong != nil || o.Get("input_type") == nil {
		return in, false, nil
	}
	if json.Unmarshal(v, &in) != nil {
		return in, true, errors.New("its definition is not valid")
	}
	if !slices.Contains([]string{"string", "select", "number", "bool"}, in.Type) {
		return in, true, errors.New("input_type is none of string, select, number and bool")
	}
	if !method.IsNull(in.Default) {
		if why := in.check(in.Default); why != "" {
			return in, true, errors.New("default: " + why)
		}
	}
	return in, true, nil
}

// check returns what is wrong with a value.
func (in input) check(v []byte) string {
	var value any
	if json.Unmarshal(v, &value) != nil {
		return "it is not valid JSON"
	}
	switch in.Type {
	case "number":
		if _, ok := method.NumberOf(v); !ok {
			return "it is not a number"
		}
	case "bool":
		if _, ok := method.BoolOf(v); !ok {
			return "it is neither true nor false"
		}
	case "string":
		if _, ok := value.(string); !ok {
			return "it is not a text"
		}
	case "select":
		if !slices.ContainsFunc(in.Select, func(one any) bool { return bytes.Equal(web.JSON(one), web.JSON(value)) }) {
			return "it is none of those to select"
		}
	}
	return ""
}

// FillInputs returns the keyword arguments of a job with its inputs, of which some are
// given. Those of pillar are filled in likewise. With check alone, nothing has to be
// given.
func FillInputs(kwarg []byte, given jsonobject.Object, check bool) (json.RawMessage, error) {
	o, err := jsonobject.Parse(kwarg)
	if err != nil {
		return nil, method.InvalidParameter("arg", err.Error())
	}
	for _, m := range given {
		if !slices.ContainsFunc(o, func(k jsonobject.Member) bool { return k.Name == m.Name }) {
			return nil, method.InvalidParameter("arg", fmt.Sprintf("the job has no input %.80q", m.Name))
		}
	}
	var b bytes.Buffer
	before := "{"
	for _, m := range o {
		wrong := func(why string) error { return method.InvalidParameter("arg", fmt.Sprintf("%.80q: %s", m.Name, why)) }
		in, ok, err := isInput(m.Value)
		if err != nil {
			return nil, wrong(err.Error())
		}
		value, own := m.Value, json.RawMessage(given.Get(m.Name))
		fixed := in.Required && in.Hidden && !method.IsNull(in.Default)
		switch {
		case !ok && m.Name == "pillar" && m.Value[0] == '{':
			var inner jsonobject.Object
			if !method.IsNull(own) {
				if inner, err = jsonobject.Parse(own); err != nil {
					return nil, wrong(err.Error())
				}
			}
			if value, err = FillInputs(m.Value, inner, check); err != nil {
				return nil, err
			}
		case !ok && !method.IsNull(own) && !bytes.Equal(own, value):
			return nil, wrong("it is not an input")
		case !ok, check:
		case method.IsNull(own) || fixed:
			if method.IsNull(in.Default) {
				if in.Required {
					return nil, wrong("it is required")
				}
				continue
			}
			value = in.Default
		default:
			if why := in.check(own); why != "" {
				return nil, wrong(why)
			}
			value = own
		}
		b.WriteString(before)
		b.Write(web.JSON(m.Name))
		b.WriteString(":")
		b.Write(value)
		before = ","
	}
	if before == "{" {
		return json.RawMessage("{}"), nil
	}
	b.WriteString("}")
	return b.Bytes(), nil
}
