package lowstate

import (
	"slices"

	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

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
