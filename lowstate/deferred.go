package lowstate

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Deferred decodes a value that was left undecoded until the sender of its
// chunk is authenticated. The error is that of the budget, the context's, or
// one with a text for the client.
type Deferred = func(ctx context.Context, b *budget.Budget) (msgpack.Raw, error)

// WithDeferred returns the chunk with the values of these keys replaced by
// deferred ones.
func (c Chunk) WithDeferred(deferred map[string]Deferred) Chunk {
	if len(deferred) > 0 {
		c.deferred = deferred
	}
	return c
}

// readAll returns the chunk with all its values decoded, and with the budget
// that is charged for what is derived from them.
func (c Chunk) readAll(ctx context.Context, b *budget.Budget) (Chunk, error) {
	c.budget = b
	if len(c.deferred) == 0 {
		return c, nil
	}
	fields := slices.Clone(c.fields)
	for i, f := range fields {
		read, ok := c.deferred[f.key]
		if !ok {
			continue
		}
		v, err := read(ctx, b)
		if err != nil {
			return c, err
		}
		fields[i].value = v
	}
	c.fields, c.deferred = fields, nil
	return c, nil
}

// without returns the deferred values except those of some keys.
func without(deferred map[string]Deferred, keys ...string) map[string]Deferred {
	if len(deferred) == 0 {
		return nil
	}
	deferred = maps.Clone(deferred)
	for _, key := range keys {
		delete(deferred, key)
	}
	return deferred
}

// deferredJSON decodes a JSON value whose syntax was checked.
func deferredJSON(js []byte) Deferred {
	return func(_ context.Context, b *budget.Budget) (msgpack.Raw, error) {
		v, err := msgpack.AppendFromJSONWithin(b, nil, js)
		if e, ok := errors.AsType[*msgpack.SyntaxError](err); ok {
			return nil, errors.New(e.Msg)
		}
		return v, err
	}
}
