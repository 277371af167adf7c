package lowstate

import "net/netip"

// Call is one request: the chunks that a client sent together.
type Call struct {
	Chunks     []Chunk
	RemoteAddr netip.Addr

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
