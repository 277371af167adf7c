package lowstate

import (
	"context"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/eauth"
)

// Client is one of the clients that a chunk can name. It is safe for concurrent
// use.
type Client interface {
	// Name returns the name in chunks.
	Name() string

	// Prepare checks a chunk and returns its job, without running any of it.
	// The error is a text for the client that names the field; an *Error is
	// returned unchanged.
	Prepare(c Chunk) (Job, error)
}

// A Job is a checked chunk, ready to run once.
type Job interface {
	// Command returns the command of the job. The rules of external_auth, an
	// API token's scope and the logs use nothing else of it.
	Command() Command

	// Run runs the job with the caller's grant. It sets the job's id and the
	// number of its minions in rec.
	Run(ctx context.Context, grant eauth.Grant, rec *Record) (Answer, error)
}

// A Streamer is a job whose answer consists of items, each an element of the
// call's answer.
type Streamer interface {
	Job

	// Stream is Run that yields each item as soon as it arrives. An error of
	// yield ends the job and is returned unchanged.
	Stream(ctx context.Context, grant eauth.Grant, rec *Record, yield func(item Answer) error) error
}

// Clients returns the clients, in the order of GET /. A new client is one more
// line here, or in more if it needs more than the master, as [SSH] does.
func Clients(m *Master, more ...Client) []Client {
	running, known := newWheels(), newSignatures(m.ReplacedRunner)
	clients := []Client{
		local{m},
		localAsync{m},
		localBatch{m},
		localSubset{m},
		runner{m, known},
		runnerAsync{m, known, new(seenNames)},
		wheel{m, running},
		wheelAsync{m, running},
	}
	clients = append(clients, more...)
	slices.SortFunc(clients, func(a, b Client) int { return strings.Compare(a.Name(), b.Name()) })
	return clients
}
