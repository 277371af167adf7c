package server

import (
	"context"

	"github.com/saltern-api/saltern/lowstate"
)

// Gateway carries out what the HTTP surfaces are asked for. It is safe for
// many goroutines at once.
type Gateway interface {
	// Run returns one answer per chunk. Errors are *lowstate.Error,
	// *lowstate.PanicError or the context's own; any other is answered as an
	// internal error and logged.
	Run(ctx context.Context, call lowstate.Call) (lowstate.Result, error)

	// Streams reports whether RunStream yields some answers earlier than Run
	// could return them.
	Streams(call lowstate.Call) bool

	// RunStream is Run with answers as they come. From the first yield on, an
	// error can only cut the answer short.
	RunStream(ctx context.Context, call lowstate.Call,
		yield func(soFar lowstate.Result, item lowstate.Answer) error) (lowstate.Result, error)

	// Clients returns the names of the clients, for GET /.
	Clients() []string
}
