package lowstate

import (
	"net/netip"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/internal/budget"
)

// Call is one request: the chunks that a client sent together.
type Call struct {
	Chunks     []Chunk
	RemoteAddr netip.Addr

	// Clients are the names of the clients that are enabled for this call,
	// in place of those of the gateway; nil stands for these.
	Clients []string

	// Token is the Salt token of the session that the request came with, or
	// "". It stands for every chunk, whatever the chunk itself says of its
	// caller.
	Token string

	// Identity is who the request came as, where that is known already: the
	// owner of an API token. It stands for every chunk as Token does, which
	// does not matter then. Its grant is the caller's to release.
	Identity *eauth.Identity

	// ChunkFirst turns this round: the chunk's own credentials count, and
	// Token or Identity serves the chunks that have none.
	ChunkFirst bool

	// Scope limits what the caller may do by it, where the request came with
	// an API token; nil does not.
	Scope Scope

	// Budget is what is left of the request's: the chunks have been read from
	// it. It is a caller's from when all chunks are authenticated. A nil one
	// stands for that of a request of which nothing was read.
	Budget *budget.Budget

	// Records tells what became of each chunk, for the request's log line and
	// the metrics. It is filled while the call runs and never holds a
	// password, a token or an argument.
	Records []Record
}

// Record is what may be told of one chunk.
type Record struct {
	User    string
	Eauth   string
	Client  string // one of the known clients, or "" when the chunk named another
	Fun     string
	JID     string
	Minions int // how many minions the master targeted

	// Known tells that the call's Identity stands for the chunk, and not what
	// the chunk says of its caller.
	Known bool

	// SentTgt and SentTgtType are the target that takes the place of the
	// chunk's own where the call's scope narrows that.
	SentTgt, SentTgtType string

	// LeftOut are the names of keyword arguments that were not sent, since the
	// runner function does not take them.
	LeftOut []string

	// Begun and Done tell how far it came: a chunk that has begun and is not
	// done has failed, or still runs.
	Begun, Done bool
}
