package sqlstore

import (
	"cmp"
	"encoding/json"
	"hash/fnv"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/saltern-api/saltern/records"
)

// The most bytes of a text that are kept. Those of indexed columns have to fit
// into a page of an index.
const (
	maxName      = 255 // of a jid, a minion: longer ones are refused
	maxUser      = 256
	maxWord      = 64
	maxFun       = 512
	maxTgt       = 1024
	maxOrigin    = 512 // of each text of an origin
	maxArguments = 8 << 10
	maxSearch    = 4 << 10
)

// prepared is a batch in the form in which it is stored: by job, in the order of
// their jids, and everything once.
type prepared struct {
	jobs    []*change
	invalid int
}

// change is what a batch says of one job.
type change struct {
	jid   string
	start int64 // microseconds

	user, eauth, client, fun, tgt, tgtType, arguments string
	origin                                            records.Origin

	minions []string // sorted
	known   bool     // whether minions is
	ended   int64    // 0: not said

	returns []returned // by minion
}

// returned is a return as it is stored.
type returned struct {
	minion  string
	fun     string
	at      int64
	outcome int
	success int
	retcode int64
	size    int64
	coding  int
	value   []byte
}

// prepare checks, cuts and sorts a batch. Values are compressed here, before a
// transaction begins.
func (s *Store) prepare(b records.Batch) prepared {
	var p prepared
	byJID := make(map[string]*change)
	of := func(jid string) *change {
		c := byJID[jid]
		if c == nil {
			c = &change{jid: jid}
			byJID[jid] = c
			p.jobs = append(p.jobs, c)
		}
		return c
	}
	for _, j := range b.Jobs {
		if !isName(j.JID) || len(j.Minions) > records.MaxMinions {
			p.invalid++
			continue
		}
		of(j.JID).describe(j)
	}
	for _, r := range b.Returns {
		if !isName(r.JID) || !isName(r.Minion) || r.Missing {
			p.invalid++
			continue
		}
		c := of(r.JID)
		c.returns = append(c.returns, s.returned(r))
		if c.start == 0 {
			c.start = micros(r.Time)
		}
	}
	for _, e := range b.Ends {
		if !isName(e.JID) || e.Time.IsZero() {
			p.invalid++
			continue
		}
		c := of(e.JID)
		if at := micros(e.Time); c.ended == 0 || at < c.ended {
			c.ended = at
		}
		if c.start == 0 {
			c.start = micros(e.Time)
		}
	}
	for _, c := range p.jobs {
		if at, ok := records.StartOf(c.jid); ok {
			c.start = at.UnixMicro()
		}
		c.start = max(c.start, 1)
		slices.Sort(c.minions)
		c.minions = slices.Compact(c.minions)
		slices.SortStableFunc(c.returns, func(a, b returned) int { return cmp.Compare(a.minion, b.minion) })
		c.returns = slices.CompactFunc(c.returns, func(a, b returned) bool { return a.minion == b.minion })
	}
	slices.SortFunc(p.jobs, func(a, b *change) int { return cmp.Compare(a.jid, b.jid) })
	return p
}

// finest returns the client of two that says more. The events of a job have only
// the kind of its client: local for local_async.
func finest(known, client string) string {
	if known == "" || strings.HasPrefix(client, known+"_") {
		return client
	}
	return known
}

// describe fills in what is not known yet.
func (c *change) describe(j records.Job) {
	fill(&c.user, j.User, maxUser)
	fill(&c.eauth, j.Eauth, maxWord)
	c.client = finest(c.client, cut(j.Client, maxWord))
	fill(&c.fun, j.Fun, maxFun)
	fill(&c.tgt, j.Tgt, maxTgt)
	fill(&c.tgtType, j.TgtType, maxWord)
	if c.origin == (records.Origin{}) {
		c.origin = j.Origin
		for _, text := range originFields(&c.origin) {
			*text = cut(*text, maxOrigin)
		}
	}
	if c.arguments == "" {
		c.arguments = arguments(j.Arguments)
	}
	if c.start == 0 {
		c.start = micros(j.Start)
	}
	if j.Minions != nil {
		c.known = true
		c.minions = slices.Grow(c.minions, len(j.Minions))
		for _, m := range j.Minions {
			if isName(m) {
				c.minions = append(c.minions, m)
			}
		}
	}
}

func (s *Store) returned(r records.Return) returned {
	out := returned{
		minion: r.Minion, at: micros(r.Time), retcode: int64(r.Retcode), outcome: outcomeFailed,
		size: max(r.Size, 0),
	}
	if !r.Omitted && len(r.Value) > 0 {
		out.size = int64(len(r.Value))
	}
	fill(&out.fun, r.Fun, maxFun)
	if r.Success {
		out.success = 1
	}
	if r.Outcome() == records.OK {
		out.outcome = outcomeOK
	}
	if r.Omitted || len(r.Value) > s.opts.MaxValue {
		out.coding = codingOmitted
	} else {
		out.coding, out.value = compress(r.Value)
	}
	return out
}

// isName reports whether a jid or the name of a minion can be kept. Text of one
// database is not text of another, but this is.
func isName(s string) bool {
	return s != "" && len(s) <= maxName && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' })
}

// fill sets a field that is empty to the text, or as much of it as can be kept.
func fill(field *string, text string, most int) {
	if *field == "" {
		*field = cut(text, most)
	}
}

func cut(text string, most int) string {
	if len(text) > most {
		for most > 0 && !utf8.RuneStart(text[most]) {
			most--
		}
		text = text[:most]
	}
	text = strings.ToValidUTF8(text, "\ufffd")
	if strings.IndexByte(text, 0) >= 0 {
		text = strings.ReplaceAll(text, "\x00", "\ufffd")
	}
	return text
}

// arguments returns JSON as it is, and all else as a JSON string.
func arguments(text json.RawMessage) string {
	if len(text) == 0 || len(text) <= maxArguments && json.Valid(text) && utf8.Valid(text) {
		return string(text)
	}
	whole, err := json.Marshal(cut(string(text[:min(len(text), maxArguments)]), maxArguments/2))
	if err != nil {
		return "" // a string can always be marshaled
	}
	return string(whole)
}

// search returns the text in which a text is searched. Letters other than those of
// ASCII stay as they are.
func search(texts ...string) string {
	return cut(asciiLower(strings.Join(texts, "\n")), maxSearch)
}

// hash identifies a sorted list of minions: the same list is not recorded twice.
func hash(minions []string) int64 {
	h := fnv.New64a()
	for _, m := range minions {
		_, _ = h.Write([]byte(m))
		_, _ = h.Write([]byte{0})
	}
	return int64(h.Sum64()) //nolint:gosec // all 64 bits are the hash
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// timeOf is the reverse of micros.
func timeOf(at int64) time.Time {
	if at == 0 {
		return time.Time{}
	}
	return time.UnixMicro(at).UTC()
}
