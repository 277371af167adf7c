package lowstate

import (
	"net/netip"

	"github.com/saltern-api/saltern/internal/budget"
)

// Call is one request: the chunks that a client sent together.
type Call struct {
	Chunks     []Chunk
	RemoteAddr netip.Addr

	// Clients are the names of the clients that are enabled for this call,
	// in place of those of the gateway; nil stands for these.
	Clients []string

	// Authority is that of the request itself, if it came with any.
	Authority Authority

	// ChunkFirst makes a chunk's own credentials count, and the call's
	// Authority serve the chunks that have none.
	ChunkFirst bool

	// Budget is what is left of the request's: the chunks have been read from
	// it. It is a caller's from when all chunks are authenticated. A nil one
	// stands for that of a request of which nothing was read.
	Budget *budget.Budget
}

// Result is what came of a call. Beside an error it has no answers, but says
// how far the call came.
type Result struct {
	// Answers are in the order of the chunks: one for each, or as many as a
	// [Streamer] has.
	Answers []Answer

	// Chunks are those of the call, with the values that were read in the
	// course of it.
	Chunks []Chunk

	// Records says what became of each chunk, for the request's log line, the
	// audit log and the metrics. It never holds a password, a token or an
	// argument. It is empty when the call's chunks were not looked at.
	Records []Record
}

// Record is what became of one chunk.
type Record struct {
	User    string
	Eauth   string
	Client  string // one of the known clients, or "" when the chunk named another
	Fun     string
	JID     string
	Minions int // how many minions the master targeted

	// Known is set where the call's Identity stands for the chunk, in place of
	// the chunk's own credentials.
	Known bool

	// SentTgt and SentTgtType are the target that takes the place of the
	// chunk's own where the call's scope narrows that.
	SentTgt, SentTgtType string

	// LeftOut are the names of keyword arguments that were not sent, since the
	// runner function does not take them.
	LeftOut []string

	// Begun and Done say how far it came: a chunk that has begun and is not
	// done has failed, or still runs.
	Begun, Done bool
}
