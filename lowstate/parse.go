package lowstate

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// DefaultMaxChunks is the default maximum number of chunks of a request.
const DefaultMaxChunks = 1000

// Parse parses a JSON lowstate: a list of chunks, or one chunk, which is a list
// of one. maxChunks is the maximum number; 0 stands for DefaultMaxChunks.
// Errors are *Error of kind BadRequest with the position, of kind TooLarge if
// the budget, which may be nil, is spent, or the context's.
//
// Of a large body only the credentials and the fields that identify the command
// are decoded: its other values are decoded by [Gateway.Run], once the caller
// is authenticated.
func Parse(b *budget.Budget, body []byte, maxChunks int) ([]Chunk, error) {
	if len(body) > readAtOnce {
		return parseLarge(b, body, maxChunks)
	}
	v, err := msgpack.AppendFromJSON(make([]byte, 0, len(body)), body)
	if err != nil {
		return nil, badJSON(body, err)
	}
	return FromValue(v, maxChunks)
}

// FromValue returns the chunks of a lowstate decoded from any format.
func FromValue(v msgpack.Raw, maxChunks int) ([]Chunk, error) {
	if maxChunks <= 0 {
		maxChunks = DefaultMaxChunks
	}
	switch v.Kind() {
	case msgpack.Map:
		c, err := NewChunk(v)
		if err != nil {
			return nil, badChunk(0, err.Error())
		}
		return []Chunk{c}, nil
	case msgpack.Array:
		if n := v.Len(); n > maxChunks {
			return nil, tooManyChunks(n, maxChunks)
		}
		return listed(v)
	default:
		return nil, errNoList()
	}
}

func errNoList() error { return badRequest("Lowstates must be a list") }

func tooManyChunks(n, most int) error {
	return badRequest(fmt.Sprintf("%d chunks are more than the %d that are taken at once", n, most))
}

func listed(v msgpack.Raw) ([]Chunk, error) {
	chunks := make([]Chunk, 0, v.Len())
	err := v.Elems(func(e msgpack.Raw) error {
		i := len(chunks)
		if e.Kind() != msgpack.Map {
			return badChunk(i, "must be an object")
		}
		c, err := NewChunk(e)
		if err != nil {
			return badChunk(i, err.Error())
		}
		chunks = append(chunks, c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return chunks, nil
}

// badJSON returns an error with the position, in the words of Python's json
// module: lines and columns count from one, in characters.
func badJSON(body []byte, err error) error {
	syntax, ok := errors.AsType[*msgpack.SyntaxError](err)
	if !ok {
		return badRequest(err.Error())
	}
	before := body[:min(int(syntax.Offset), len(body))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	return badRequest(fmt.Sprintf("%s: line %d column %d (char %d)",
		syntax.Msg, line, column, utf8.RuneCount(before)))
}

func badRequest(text string) *Error { return &Error{Kind: BadRequest, Text: text} }

func badChunk(i int, text string) *Error {
	return badRequest(fmt.Sprintf("chunk %d: %s", i, text))
}
