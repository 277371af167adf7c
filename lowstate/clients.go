package lowstate

import (
	"context"

	"saltern/eauth"
)

// Client is one of the clients that a chunk can name. It is safe for many
// goroutines at once.
type Client interface {
	// Name is what chunks call it.
	Name() string

	// Prepare checks a chunk and says what it asks for, without doing any of
	// it. Its error is the text for the client, naming the field.
	Prepare(c Chunk) (Job, error)
}

// A Job is a checked chunk, ready to run once.
type Job interface {
	// Fun is the function that it runs, for the log.
	Fun() string

	// Run carries the job out with the caller's grant, and returns the answer
	// as JSON. It notes in rec what the master told of the job.
	Run(ctx context.Context, grant eauth.Grant, rec *Record) ([]byte, error)
}

// Clients is the table of clients, in the order in which GET / lists them.
// A new client is one more line here.
func Clients(m *Master) []Client {
	return []Client{
		local{m},
		localAsync{m},
		runner{m},
	}
}
