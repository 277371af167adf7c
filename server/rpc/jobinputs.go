package rpc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/internal/jsonobject"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/web"
)

// jobArguments returns the arguments of a job in their usual form.
func jobArguments(given Object) (json.RawMessage, error) {
	fields, err := routeCmdParams{Arg: given}.arguments()
	if err != nil {
		return nil, err
	}
	arg, kwarg := json.RawMessage("[]"), json.RawMessage("{}")
	for _, f := range fields {
		var b bytes.Buffer
		if err := json.Compact(&b, f.value); err != nil {
			return nil, invalidParameter("arg", "it is not valid JSON")
		}
		if f.key == "arg" {
			arg = b.Bytes()
		} else {
			kwarg = b.Bytes()
		}
	}
	if _, err := fillInputs(kwarg, nil, true); err != nil {
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
	if !isNull(in.Default) {
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
		if _, ok := numberOf(v); !ok {
			return "it is not a number"
		}
	case "bool":
		if _, ok := boolOf(v); !ok {
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

// fillInputs returns the keyword arguments of a job with its inputs, of which some are
// given. Those of pillar are filled in likewise. With check alone, nothing has to be
// given.
func fillInputs(kwarg []byte, given jsonobject.Object, check bool) (json.RawMessage, error) {
	o, err := jsonobject.Parse(kwarg)
	if err != nil {
		return nil, invalidParameter("arg", err.Error())
	}
	for _, m := range given {
		if !slices.ContainsFunc(o, func(k jsonobject.Member) bool { return k.Name == m.Name }) {
			return nil, invalidParameter("arg", fmt.Sprintf("the job has no input %.80q", m.Name))
		}
	}
	var b bytes.Buffer
	before := "{"
	for _, m := range o {
		wrong := func(why string) error { return invalidParameter("arg", fmt.Sprintf("%.80q: %s", m.Name, why)) }
		in, ok, err := isInput(m.Value)
		if err != nil {
			return nil, wrong(err.Error())
		}
		value, own := m.Value, json.RawMessage(given.Get(m.Name))
		fixed := in.Required && in.Hidden && !isNull(in.Default)
		switch {
		case !ok && m.Name == "pillar" && m.Value[0] == '{':
			var inner jsonobject.Object
			if !isNull(own) {
				if inner, err = jsonobject.Parse(own); err != nil {
					return nil, wrong(err.Error())
				}
			}
			if value, err = fillInputs(m.Value, inner, check); err != nil {
				return nil, err
			}
		case !ok && !isNull(own) && !bytes.Equal(own, value):
			return nil, wrong("it is not an input")
		case !ok, check:
		case isNull(own) || fixed:
			if isNull(in.Default) {
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

// fromJob fills in what a saved job says about a command, and returns the job. replaced
// means that positional arguments take the place of the job's: what is run is not what
// was saved then.
func (c *call) fromJob(ctx context.Context, p *routeCmdParams) (o object, replaced bool, err error) {
	if c.api.Library == nil {
		return o, false, &Error{Code: CodeNotFound, Message: "there is no such job"}
	}
	if err := c.may(ctx, role.JobRun); err != nil {
		return o, false, err
	}
	if o, err = c.seen(ctx, records.SavedJob, p.JobUUID, mayRead); err != nil {
		return o, false, err
	}
	if err := c.stillTheSame(o); err != nil {
		return o, false, err
	}
	for name, given := range map[string][2]string{"cmd": {p.Cmd, o.Cmd}, "fun": {p.Fun, o.Fun}} {
		if given[0] != "" && given[0] != given[1] {
			return o, false, invalidParameter(name, "the job has another one")
		}
	}
	if o.Cmd == "cloud" {
		return o, false, &Error{Code: CodeFailed, Message: "jobs of salt-cloud cannot be run here"}
	}
	p.Cmd, p.Fun = o.Cmd, o.Fun
	if len(p.Tgt) == 0 && p.TgtUUID == "" {
		p.TgtUUID = o.Tgt
	}
	job, err := jsonobject.Parse(o.Arg)
	if err != nil {
		return o, false, fmt.Errorf("read the arguments of job %s: %w", o.ID, err)
	}
	arg, given := json.RawMessage(job.Get("arg")), jsonobject.Object(nil)
	own, err := p.arguments()
	if err != nil {
		return o, false, err
	}
	for _, f := range own {
		switch {
		case f.key == "kwarg":
			if given, err = jsonobject.Parse(f.value); err != nil {
				return o, false, invalidParameter("arg", err.Error())
			}
		case !bytes.Equal(bytes.TrimSpace(f.value), []byte("[]")):
			replaced = replaced || !sameJSON(f.value, arg)
			arg = f.value
		}
	}
	kwarg, err := fillInputs(job.Get("kwarg"), given, false)
	if err != nil {
		return o, false, err
	}
	p.Arg = Object(`{"arg":` + string(arg) + `,"kwarg":` + string(kwarg) + `}`)
	return o, replaced, nil
}

// sameJSON reports whether two texts are the same JSON, with other blanks perhaps.
func sameJSON(a, b []byte) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}
