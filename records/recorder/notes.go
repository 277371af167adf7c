package recorder

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/saltern-api/saltern/records"
)

const (
	// maxNotes is how many notes wait, and how many jobs are remembered. A note
	// for which there is no room is recorded at once.
	maxNotes = 10_000

	// noteTime is how long a note waits for something else about its job to be
	// recorded. After that it is recorded alone: the event of the job was missed.
	noteTime = 5 * time.Second

	// maxNoteText is the most bytes of each text of a note: what waits is bounded,
	// and a line of the file can be read again. No store keeps more of them.
	maxNoteText = 512

	// unsentTime is about how long a note of a job is kept that may not have been
	// sent.
	unsentTime = time.Hour
)

// Note is what no event says of a job that this gateway starts.
type Note struct {
	JID         string
	User, Eauth string // who has started it, and the eauth module that vouches for that
	Client      string
	Fun         string // "" where it is not known
	Origin      records.Origin

	// Sent is set once the master has the job. A note from before that is recorded
	// with what else there is of the job, and not alone.
	Sent bool
}

// note is a note that is kept until it is recorded.
type note struct {
	Note
	at time.Time
}

func (n note) entry() Entry {
	return Entry{Job: &records.Job{JID: n.JID, User: n.User, Eauth: n.Eauth, Client: n.Client, Fun: n.Fun, Origin: n.Origin}, Note: true, At: n.at}
}

// add adds a note to what is recorded of its job.
func (n note) add(j *records.Job) {
	j.User, j.Fun = cmp.Or(j.User, n.User), cmp.Or(j.Fun, n.Fun)
	j.Eauth, j.Client, j.Origin = cmp.Or(n.Eauth, j.Eauth), cmp.Or(n.Client, j.Client), cmp.Or(n.Origin, j.Origin)
}

// known is what is remembered of a job.
type known struct {
	read  bool      // its event was read, or its file in the job cache
	at    time.Time // when its event was; zero if it was the file, or if that of a return came first
	taken bool      // what was noted of it until then is recorded with it
	noted bool      // what was noted of it is recorded
}

// Note notes what no event says of a job. It may come before the events of the job,
// after them, or without any, and again when the job was sent.
func (r *Recorder) Note(of Note) {
	if of.Fun == findJob || len(of.JID) > maxNoteText {
		return
	}
	for _, text := range []*string{
		&of.User, &of.Eauth, &of.Client, &of.Fun, &of.Origin.Job, &of.Origin.JobName, &of.Origin.Tgt, &of.Origin.TgtName, &of.Origin.Sched, &of.Origin.SchedName,
	} {
		*text = cut(*text)
	}
	n := note{of, time.Now()}
	r.mu.Lock()
	k, _ := r.known.Get(n.JID)
	if k.noted {
		r.mu.Unlock()
		return
	}
	_, again := r.notes.Get(n.JID)
	oldest, full := r.notes.Put(n.JID, n)
	if !again {
		r.writeDown(of)
	}
	r.mu.Unlock()
	if full && oldest.Sent {
		r.push(oldest.entry())
	}
	if k.taken {
		r.push(n.entry())
	}
}

// cut returns the beginning of a text that is too long.
func cut(text string) string {
	if len(text) <= maxNoteText {
		return text
	}
	return strings.ToValidUTF8(text[:maxNoteText], "")
}

// saw remembers a job that was read. at is when its event was, if it was that.
func (r *Recorder) saw(jid string, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, _ := r.known.Get(jid)
	if k.read = true; k.at.IsZero() {
		k.at = at
	}
	r.known.Put(jid, k)
}

// isSeen reports whether a job was read a while ago.
func (r *Recorder) isSeen(jid string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, _ := r.known.Get(jid)
	return k.read
}

// seenAt returns when the event of a job was read; the zero time if it was not.
func (r *Recorder) seenAt(jid string) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, _ := r.known.Get(jid)
	return k.at
}

// complete adds to a batch what was noted of its jobs, and returns the notes that
// it has then. What is noted of these jobs from now on is in the queue too.
func (r *Recorder) complete(b *records.Batch) (added []note) {
	r.mu.Lock()
	defer r.mu.Unlock()
	added = make([]note, 0, min(len(b.Jobs), r.notes.Len()))
	for i := range b.Jobs {
		if n, ok := r.take(b.Jobs[i].JID); ok {
			n.add(&b.Jobs[i])
			added = append(added, n)
		}
	}
	for i := range b.Returns {
		if n, ok := r.take(b.Returns[i].JID); ok && !slices.Contains(added, n) {
			b.Jobs = append(b.Jobs, *n.entry().Job)
			added = append(added, n)
		}
	}
	return added
}

// take returns the note of a job that is being recorded. The caller holds r.mu.
func (r *Recorder) take(jid string) (note, bool) {
	if k, _ := r.known.Get(jid); !k.taken {
		k.taken = true
		r.known.Put(jid, k)
	}
	return r.notes.Get(jid)
}

// noted forgets notes that are recorded.
func (r *Recorder) noted(all []note) {
	if len(all) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range all {
		k, _ := r.known.Get(n.JID)
		k.taken, k.noted = true, true
		r.known.Put(n.JID, k)
		r.notes.Delete(n.JID)
	}
}

// putNotes records the notes from before a time alone. The error is that of the
// context.
func (r *Recorder) putNotes(ctx context.Context, before time.Time) error {
	for {
		all := r.notesBefore(before)
		if len(all) == 0 {
			return nil
		}
		if err := r.put(ctx, all); err != nil {
			return err
		}
	}
}

// notesBefore returns the entries of notes from before a time, as many as a batch
// has, and forgets those of jobs that were sent long ago, if they were.
func (r *Recorder) notesBefore(before time.Time) (all []Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for jid, n := range r.notes.All() {
		switch {
		case n.at.After(before):
		case n.Sent:
			if all = append(all, n.entry()); len(all) == batchEntries {
				return all
			}
		case n.at.Before(before.Add(-unsentTime)):
			r.notes.Delete(jid)
		}
	}
	return all
}

// openJournal reads what an earlier process noted and may not have recorded. That is
// not recorded alone: most of it is recorded, and what was removed since stays so.
func (r *Recorder) openJournal() {
	if r.journal.path == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	all, err := r.journal.read()
	r.journalFailed(err)
	now := time.Now()
	for _, n := range all {
		if _, there := r.notes.Get(n.JID); !there {
			n.Sent = false
			r.notes.Put(n.JID, note{n, now})
		}
	}
	if err == nil { // otherwise there may be more in it
		r.journalFailed(r.journal.rewrite(r.unrecorded()))
	}
}

// writeDown adds a note to the journal. The caller holds r.mu.
func (r *Recorder) writeDown(n Note) {
	r.journalFailed(r.journal.add(n))
	if r.journal.isFull() {
		r.journalFailed(r.journal.rewrite(r.unrecorded()))
	}
}

func (r *Recorder) closeJournal() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.journalFailed(r.journal.finish(r.unrecorded()))
}

// unrecorded returns the notes that are not recorded. The caller holds r.mu.
func (r *Recorder) unrecorded() (all []Note) {
	for _, n := range r.notes.All() {
		all = append(all, n.Note)
	}
	return all
}

// journalFailed logs an error of the journal, once. Commands go on without it.
func (r *Recorder) journalFailed(err error) {
	if err != nil && !r.journalLogged {
		r.journalLogged = true
		r.opts.Log.Warn("the file of notes for the records cannot be used", slog.Any("error", err))
	}
}
