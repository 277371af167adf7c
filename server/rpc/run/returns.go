package run

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/web"
)

// RawObject is a JSON object, undecoded, so that the order of its names is kept.
type RawObject []byte

// UnmarshalJSON implements [json.Unmarshaler].
func (r *RawObject) UnmarshalJSON(text []byte) error {
	if len(text) == 0 || text[0] != '{' {
		return errors.New("it is no object")
	}
	*r = bytes.Clone(text)
	return nil
}

// MarshalJSON implements [json.Marshaler].
func (r RawObject) MarshalJSON() ([]byte, error) { return r, nil }

// KwargField returns the keyword arguments of a runner or wheel function.
func KwargField(kwarg map[string]any) method.Field {
	if kwarg == nil {
		kwarg = map[string]any{}
	}
	return method.JSONField("kwarg", web.JSON(kwarg))
}

// Wheel runs a wheel function, and decodes its return.
func (c *Call) Wheel(ctx context.Context, to any, fun string, kwarg map[string]any) error {
	answer, err := c.Run(ctx, method.TextField("client", "wheel"), method.TextField("fun", fun), KwargField(kwarg))
	if err != nil {
		return err
	}
	ret, ok := answer.(lowstate.WheelReturn)
	if !ok {
		return Unexpected(fun, answer)
	}
	value, ok := ret.Return()
	if !ok {
		return Unexpected(fun, answer)
	}
	return DecodeReturn(value, to, fun)
}

// Runner runs a runner function, and decodes its return.
func (c *Call) Runner(ctx context.Context, to any, fun string, kwarg map[string]any) error {
	return c.RunnerArgs(ctx, to, fun, []string{}, kwarg)
}

// RunnerArgs is Runner with positional arguments, too.
func (c *Call) RunnerArgs(ctx context.Context, to any, fun string, args []string, kwarg map[string]any) error {
	answer, err := c.Run(ctx, method.TextField("client", "runner"), method.TextField("fun", fun), method.JSONField("arg", web.JSON(args)), KwargField(kwarg))
	if err != nil {
		return err
	}
	ret, ok := answer.(lowstate.RunnerReturn)
	if !ok {
		return Unexpected(fun, answer)
	}
	value, err := Whole(ret.Return, fun)
	if err != nil {
		return err
	}
	return DecodeReturn(value, to, fun)
}

// maxReturn is the most bytes of a return that are decoded: as many as the gateway takes of
// one event.
const maxReturn = 64 << 20

// Whole returns a return in memory. The error of one that is too large is for the client.
func Whole(ret msgpack.Section, fun string) (msgpack.Raw, error) {
	if ret.Size() > maxReturn {
		return nil, &method.Error{
			Code: method.CodeFailed, Message: fmt.Sprintf("%s: it returned %d MiB, which is too much", fun, ret.Size()>>20),
		}
	}
	return ret.Raw()
}

// DecodeReturn decodes a return. One of another type is the function's own text about
// what is wrong.
func DecodeReturn(value msgpack.Raw, to any, fun string) error {
	text := lowstate.AppendReturn(nil, value)
	if json.Unmarshal(text, to) == nil {
		return nil
	}
	var said string
	if json.Unmarshal(text, &said) != nil {
		return fmt.Errorf("%s: it returned %.200q", fun, text)
	}
	return &method.Error{Code: method.CodeFailed, Message: fun + ": " + Clip(said)}
}

// Unexpected returns the error for an answer that is none of the function's client.
func Unexpected(fun string, answer lowstate.Answer) error {
	return fmt.Errorf("%s: the answer is an unexpected %T", fun, answer)
}

// maxText bounds a text of the master's in an error, in bytes.
const maxText = 512

// Clip returns as much of a text of the master's as errors have.
func Clip(text string) string { return web.Clip(text, maxText) }
