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

const (
	// readAtOnce is the longest body, in bytes, that is decoded completely
	// before its sender is authenticated.
	readAtOnce = 64 << 10

	// readValue is the longest value, in bytes of JSON, that is decoded at once
	// in a longer body.
	readValue = 4 << 10

	// keyCost is the cost of a key, in units of the budget.
	keyCost = 3
)

// identifyingKeys are the keys whose texts are decoded at any length: an
// invalid one gets an error of its own.
var identifyingKeys = []string{"client", "token", "username", "password", "eauth", "fun", "tgt", "tgt_type"}

// parseLarge is Parse without decoding large values.
func parseLarge(b *budget.Budget, body []byte, maxChunks int) ([]Chunk, error) {
	if maxChunks <= 0 {
		maxChunks = DefaultMaxChunks
	}
	o := largeParser{budget: b, most: maxChunks}
	kind, err := msgpack.SkimJSON(body, msgpack.Outline{Element: o.element, Entry: o.entry})
	if budget.IsSpent(err) {
		return nil, failure(err)
	}
	if err != nil {
		return nil, badJSON(body, err)
	}
	switch {
	case kind == msgpack.Map:
		o.n = 1
	case kind != msgpack.Array:
		return nil, errNoList()
	case o.n > o.most:
		return nil, tooManyChunks(o.n, o.most)
	}
	o.end()
	if o.err != nil {
		return nil, o.err
	}
	return o.chunks, nil
}

// largeParser collects chunks. Errors of a chunk are returned only if the whole
// body is valid JSON.
type largeParser struct {
	budget *budget.Budget
	most   int

	n      int // elements begun
	chunks []Chunk
	err    error

	builder chunkBuilder // of the current chunk
	keys    int          // of it
}

func (o *largeParser) element(k msgpack.Kind) {
	if o.n > 0 {
		o.end()
	}
	o.n++
	if k != msgpack.Map {
		o.fail("must be an object")
	}
}

// end ends the current chunk.
func (o *largeParser) end() {
	if o.n == 0 || o.err != nil || o.n > o.most {
		return
	}
	if o.keys > maxKeys {
		o.fail(tooManyKeys(o.keys).Error())
		return
	}
	o.chunks = append(o.chunks, o.builder.chunk)
	o.builder, o.keys = chunkBuilder{}, 0
}

func (o *largeParser) fail(text string) {
	if o.err == nil {
		o.err = badChunk(max(0, o.n-1), text)
	}
}

func (o *largeParser) entry(key, js []byte) error {
	if o.err != nil || o.n > o.most {
		return nil
	}
	if err := o.budget.Spend(keyCost + budget.Bytes(len(key))); err != nil {
		return err
	}
	if o.keys > maxKeys {
		o.keys++ // for the error
		return nil
	}
	name := string(key)
	var v msgpack.Raw
	isDeferred := len(js) > readValue && (js[0] != '"' || !slices.Contains(identifyingKeys, name))
	if !isDeferred {
		var err error
		if v, err = msgpack.AppendFromJSONWithin(o.budget, nil, js); err != nil {
			if budget.IsSpent(err) {
				return err
			}
			o.fail(err.Error())
		}
	}
	_, err := o.builder.add(name, v)
	if err != nil {
		o.fail(err.Error())
		return nil
	}
	o.keys = len(o.builder.chunk.fields)
	if isDeferred {
		c := &o.builder.chunk
		if c.deferred == nil {
			c.deferred = make(map[string]Deferred)
		}
		c.deferred[name] = deferredJSON(js)
	}
	return nil
}
