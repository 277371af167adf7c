package lowstate

import (
	"net/netip"

	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/internal/spool"
)

// Call is one request: the chunks that a client sent together.
type Call struct {
	Chunks     []Chunk
	RemoteAddr netip.Addr

	// Clients are the names of the clients that are enabled for this call, in
	// place of the gateway's; nil stands for these.
	Clients []string

	// Authority is that of the request itself, if it has any.
	Authority Authority

	// ChunkFirst makes a chunk's own credentials take precedence, so that the
	// Authority is for the chunks that have none.
	ChunkFirst bool

	// Origin is what the chunks were made of. It is noted with their jobs, and
	// changes nothing else.
	Origin Origin

	// Budget is the rest of the request's budget: decoding the chunks was
	// charged to it. It becomes a caller's once all chunks are authenticated.
	// Nil stands for that of a request of which nothing was decoded.
	Budget *budget.Budget

	// Spool takes the answers, and must not be closed before they are read. Nil
	// stands for one without limits.
	Spool *spool.Spool
}

// Origin is what a user has saved and a call was made of: a saved job, a saved target, a
// schedule. Each has its UUID and its name. Empty fields stand for none.
type Origin struct {
	Job, JobName     string
	Tgt, TgtName     string
	Sched, SchedName string
}

// Result is the result of a call. With an error it has no answers, but shows
// how far the call came.
type Result struct {
	// Answers are in the order of the chunks: one for each, or several for a
	// [Streamer].
	Answers []Answer

	// Chunks are those of the call, with the values that were decoded while it
	// ran.
	Chunks []Chunk

	// Records are the outcomes of the chunks, for the request's log line, the
	// audit log and the metrics. They never hold a password, a token or an
	// argument. They are empty if the call's chunks were not checked.
	Records []Record
}

// Record is the outcome of one chunk.
type Record struct {
	User    string
	Eauth   string
	Client  string // one of the known clients, or "" if the chunk names another
	Fun     string
	JID     string
	Minions int // number of minions that the master targeted

	// Known is set if the call's Identity replaces the chunk's own credentials.
	Known bool

	// SentTgt and SentTgtType are the target that was sent in place of the
	// chunk's own, if the call's scope narrows that.
	SentTgt, SentTgtType string

	// LeftOut are the names of keyword arguments that were not sent because the
	// runner function does not take them.
	LeftOut []string

	// Callback is the destination that is told of the job's end; "" for none.
	Callback string

	// FromFiles is set if the answer was read from the master's files, and the
	// master was not asked.
	FromFiles bool

	// Begun and Done show how far the chunk came: one that has begun and is not
	// done has failed, or still runs.
	Begun, Done bool

	// note notes the jobs of the chunk, see [Options].Note; nil if there is nothing
	// to note, or not any more.
	note func(jid, fun string, sent bool)

	chosen bool // whether the caller chose the jid, which may be another job's
	noted  bool // whether JID is noted, or that of a part
}

// part is the record of one of several jobs of a chunk, each with a jid of its own.
func (r *Record) part() *Record { return &Record{note: r.note} }

// starting notes a job that is sent to the master now, if its jid is known before that.
func (r *Record) starting(jid, fun string) { r.noteJob(jid, fun, false) }

// started notes a job as soon as the master has it: its events, and the end of this
// gateway, may come before the end of the chunk.
func (r *Record) started(jid, fun string) {
	r.JID = jid
	r.noteJob(jid, fun, true)
}

func (r *Record) noteJob(jid, fun string, sent bool) {
	if jid != "" && r.note != nil && !r.chosen && !r.noted {
		r.noted = sent
		r.note(jid, fun, sent)
	}
}
