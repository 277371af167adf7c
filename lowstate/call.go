package lowstate

import "net/netip"

// Call is one request: the chunks that a client sent together.
type Call struct {
	Chunks     []Chunk
	RemoteAddr netip.Addr

	// Token is the Salt token of the session that the request came with, or
	// "". It stands for every chunk, whatever the chunk itself says of its
	// caller.
	Token string

	// ChunkFirst turns this round: the chunk's own credentials count, and
	// Token serves the chunks that have none.
	ChunkFirst bool

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
}
