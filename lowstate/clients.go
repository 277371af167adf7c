package lowstate

import (
	"context"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/eauth"
)

// Client is one of the clients that a chunk can name. It is safe for many
// goroutines at once.
type Client interface {
	// Name is what chunks call it.
	Name() string

	// Prepare checks a chunk and returns its job, without doing any of it. The
	// error is the text for the client, naming the field; an *Error goes there
	// as it is.
	Prepare(c Chunk) (Job, error)
}

// A Job is a checked chunk, ready to run once.
type Job interface {
	// Command is what the job is to run. The rules of external_auth, an API
	// token's scope and the logs look at nothing else of it.
	Command() Command

	// Run carries the job out with the caller's grant. It notes the job's id and
	// the number of its minions in rec.
	Run(ctx context.Context, grant eauth.Grant, rec *Record) (Answer, error)
}

// A Streamer is a job whose answer is a number of items, each for itself an
// element of the call's answer.
type Streamer interface {
	Job

	// Stream is Run that yields each item as soon as it is there. An error of
	// yield ends the job and is returned as it is.
	Stream(ctx context.Context, grant eauth.Grant, rec *Record, yield func(item Answer) error) error
}

// Clients is the table of clients, in the order in which GET / lists them.
// A new client is one more line here, or in more when it is made of more than
// the master, as [SSH].
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
