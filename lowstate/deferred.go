package lowstate

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Later reads a value that was left alone until the sender of its chunk is
// known. The error is that of the budget, the context's, or one with a text
// for the client.
type Later = func(ctx context.Context, b *budget.Budget) (msgpack.Raw, error)

// Deferring returns the chunk with values that are to be read later, in the
// place of those that it has for these keys.
func (c Chunk) Deferring(later map[string]Later) Chunk {
	if len(later) > 0 {
		c.later = later
	}
	return c
}

// whole returns the chunk with all its values read, and with the budget that
// pays for what is made of them.
func (c Chunk) whole(ctx context.Context, b *budget.Budget) (Chunk, error) {
	c.budget = b
	if len(c.later) == 0 {
		return c, nil
	}
	fields := slices.Clone(c.fields)
	for i, f := range fields {
		read, ok := c.later[f.key]
		if !ok {
			continue
		}
		v, err := read(ctx, b)
		if err != nil {
			return c, err
		}
		fields[i].value = v
	}
	c.fields, c.later = fields, nil
	return c, nil
}

// without returns what is still to be read but for some keys.
func without(later map[string]Later, keys ...string) map[string]Later {
	if len(later) == 0 {
		return nil
	}
	later = maps.Clone(later)
	for _, key := range keys {
		delete(later, key)
	}
	return later
}

// jsonLater reads a value of JSON whose syntax has been checked.
func jsonLater(js []byte) Later {
	return func(_ context.Context, b *budget.Budget) (msgpack.Raw, error) {
		v, err := msgpack.AppendFromJSONWithin(b, nil, js)
		if e, ok := errors.AsType[*msgpack.SyntaxError](err); ok {
			return nil, errors.New(e.Msg)
		}
		return v, err
	}
}
